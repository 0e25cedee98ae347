import type { Command as Program } from 'commander'

/** Prints the help of the program, or of one command. An unknown name is reported as an unknown command. */
export async function help(program: Program, name: string | undefined): Promise<number> {
  const command = program.commands.find(each => each.name() === name)
  if (name === undefined) program.outputHelp()
  else if (command) command.outputHelp()
  // The program itself knows best how to say so, and what may have been meant.
  else await program.parseAsync([name], { from: 'user' })
  return 0
}
