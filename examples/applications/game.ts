// Tic-tac-toe: two clients who connect one after the other play; each sends the field it takes, 0 to 8.
//   bin/myelin run examples/applications/game.ts
// Open http://localhost:8280/game in two windows, or play with bin/myelin ws ws://localhost:8280/game
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Caller, respond, service } from 'myelin'

interface Game {
  readonly players: Caller[]
  readonly fields: string[]
  turn: number
}

const page = readFileSync(join(import.meta.dirname, 'game.html'), 'utf8')
const LINES = ['012', '345', '678', '036', '147', '258', '048', '246']
let waiting: Game | undefined

const gameOf = (caller: Caller): Game => caller.getAttribute('game') as Game

async function tell({ players }: Game, text: string): Promise<void> {
  await Promise.all(players.filter(player => player.isOpen).map(player => player.writeTextMessage(text)))
}

export default service({
  basePath: '/game',
  resources: {
    'GET /': () =>
      respond({ status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: page }),
  },

  async onOpen(caller) {
    const game = waiting ?? { players: [], fields: Array<string>(9).fill('-'), turn: 0 }
    caller.setAttribute('game', game)
    game.players.push(caller)
    waiting = game.players.length < 2 ? game : undefined
    await caller.writeTextMessage(waiting ? 'you are x' : 'you are o')
    if (!waiting) await tell(game, 'x begins')
  },

  async onTextMessage(caller, text: string) {
    const game = gameOf(caller)
    const { players, fields } = game
    const mark = 'xo'[players.indexOf(caller)]!
    if (players.length < 2 || players[game.turn % 2] !== caller) return 'not your turn'
    if (!/^[0-8]$/.test(text) || fields[Number(text)] !== '-') return 'not a free field'
    fields[Number(text)] = mark
    game.turn++
    await tell(game, fields.join(''))
    const hasWon = LINES.some(line => [...line].every(field => fields[Number(field)] === mark))
    if (!hasWon && game.turn < 9) return undefined
    await tell(game, hasWon ? `${mark} has won` : 'nobody has won')
    for (const player of players) await player.close(1000, 'the game is over')
  },

  async onClose(caller) {
    const game = gameOf(caller)
    if (waiting === game) waiting = undefined
    for (const player of game.players) if (player.isOpen) await player.close(1001, 'the other has left')
  },
})
