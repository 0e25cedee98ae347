// Tic-tac-toe: two clients who connect one after the other play; each sends the field it takes, 0 to 8.
import { type Caller, close, service } from 'myelin'

interface Game {
  readonly players: Caller[]
  readonly fields: string[]
  turn: number
}

const LINES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
] as const

let waiting: Game | undefined

function hasWon({ fields }: Game, mark: string): boolean {
  return LINES.some(line => line.every(field => fields[field] === mark))
}

async function tell({ players }: Game, text: string): Promise<void> {
  await Promise.all(players.filter(player => player.isOpen).map(player => player.writeTextMessage(text)))
}

export default service({
  basePath: '/game',

  async onOpen(caller) {
    const game = waiting ?? { players: [], fields: Array<string>(9).fill(' '), turn: 0 }
    caller.setAttribute('game', game)
    game.players.push(caller)
    waiting = game.players.length < 2 ? game : undefined
    if (!waiting) await tell(game, 'x begins')
  },

  async onTextMessage(caller, text: string) {
    const game = caller.getAttribute('game') as Game
    const field = Number(text)
    const me = game.players.indexOf(caller)
    const mark = 'xo'[me]!
    if (game.players.length < 2 || game.turn % 2 !== me) return 'not your turn'
    if (game.fields[field] !== ' ') return 'not a free field'
    game.fields[field] = mark
    game.turn++
    await tell(game, game.fields.join(''))
    if (!hasWon(game, mark) && game.turn < 9) return undefined
    await tell(game, hasWon(game, mark) ? `${mark} has won` : 'nobody has won')
    await Promise.all(game.players.map(player => player.close(1000, 'the game is over')))
    return close.normal('the game is over')
  },

  async onClose(caller) {
    const game = caller.getAttribute('game') as Game
    if (waiting === game) waiting = undefined
    for (const player of game.players)
      if (player !== caller && player.isOpen) await player.close(1001, 'the other has left')
  },
})
