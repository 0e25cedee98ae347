import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Conversation } from '../collections/conversation.ts'
import { conversationFiles, httpArchive, jsonLines, type Masking } from '../collections/conversation-text.ts'
import { versionLine } from './version.ts'
import type { WsOptions } from './ws-plan.ts'

/** A message of the server to save, counted from 1, or from the last one by -1. */
export interface Save {
  readonly number: number
  readonly file: string
}

/** Reads what `--save-message` says: numbers and files in turn. @throws Error where it is something else */
export function savesOf({ saveMessage = [] }: WsOptions): readonly Save[] {
  const saves: Save[] = []
  for (let i = 0; i < saveMessage.length; i += 2) {
    const [number = '', file] = [saveMessage[i], saveMessage[i + 1]]
    if (!/^-?[1-9]\d*$/.test(number) || file === undefined)
      throw new Error('--save-message takes the number of a received message, from 1, and a file')
    saves.push({ number: Number(number), file })
  }
  return saves
}

/** Writes a message of the server into a file, byte for byte. @throws Error where there is none of that number */
export async function saveMessage(conversation: Conversation, number: number, file: string): Promise<void> {
  const message = number === 0 ? undefined : conversation.receivedMessage(number)
  if (!message)
    throw new Error(
      `there is no received message ${number} to save; ${conversation.receivedCount} were received`,
    )
  await writeFile(file, message.data!)
}

/**
 * Writes a conversation into a file: an HTTP archive where its name ends in `.har`, else JSON lines. A folder, or a name
 * that ends in a slash, gets a file for each message.
 */
export async function saveConversation(
  conversation: Conversation,
  file: string,
  masking: Masking,
): Promise<void> {
  if (/[/\\]$/.test(file) || (await isFolder(file))) {
    await mkdir(file, { recursive: true })
    for (const { name, content } of conversationFiles(conversation, masking))
      await writeFile(join(file, name), content)
    return
  }
  const text = file.endsWith('.har')
    ? httpArchive(conversation, masking, versionLine())
    : jsonLines(conversation, masking)
  await writeFile(file, text)
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
}
