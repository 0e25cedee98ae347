import type { MediatorContext } from '../../../src/sequences/class-context.ts'

type Properties = Readonly<Record<string, unknown>>

/** Lets in who knows the key, and puts a mark on answers. */
export default {
  handleRequest(message: MediatorContext, { key }: Properties): boolean {
    if (message.header('X-Key') === 'fault') throw new Error('the guard fell over')
    if (message.header('X-Key') === key) return true
    message.setProperty('HTTP_SC', 401, 'axis2')
    message.setText('who are you?')
    return false
  },
  async handleResponse(message: MediatorContext): Promise<boolean> {
    message.setHeader('X-Guarded', message.direction)
    return true
  },
}
