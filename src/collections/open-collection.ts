import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Diagnostic, Diagnostics, didYouMean, format } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import {
  type ClientMessage,
  type Collection,
  type ConnectionItem,
  connectionsOf,
  type Environment,
} from './collection.ts'
import { Conversation, type ConversationOptions } from './conversation.ts'
import { type DialPlan, dialPlan, type PlanUse, type ReadIdentity } from './dial-plan.ts'
import { type Outgoing, outgoingOf } from './outgoing.ts'
import { readCollection } from './read-collection.ts'
import { Variables } from './variables.ts'

/** How a collection is used. */
export interface OpenOptions {
  /** The name of an environment; default the one that is current, or none. */
  readonly environment?: string | undefined
  /** Values that go before those of the environment. */
  readonly variables?: ReadonlyMap<string, string>
  /** Accepts any certificate of a server. */
  readonly isInsecure?: boolean
  /** Reads client certificates; default what TLS itself can read, which is no PKCS#12 with old ciphers. */
  readonly readIdentity?: ReadIdentity
}

/** A collection that cannot be used, with all that is wrong with it. */
export class CollectionError extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(format).join('\n\n'))
    this.name = 'CollectionError'
    this.diagnostics = diagnostics
  }
}

/** Reads the file of a collection. @throws CollectionError with what is wrong, Error where it cannot be read */
export function loadCollection(file: string): Collection {
  const diagnostics = new Diagnostics()
  const collection = readCollection(new Source(file, fileText(file)), diagnostics)
  if (!collection || diagnostics.errors > 0) throw new CollectionError(diagnostics.all())
  return collection
}

/** Reads the text of a file. @throws Error with why that cannot be */
export function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`)
  }
}

/** A collection with its variables, whose connections can be opened by name. */
export class OpenCollection {
  readonly collection: Collection
  /** What relative paths of files begin at. */
  readonly folder: string
  readonly variables: Variables
  readonly isInsecure: boolean
  readonly readIdentity: ReadIdentity | undefined

  constructor(collection: Collection, folder: string, options: OpenOptions = {}) {
    const environment = environmentOf(collection, options.environment)
    this.collection = collection
    this.folder = folder
    this.variables = new Variables(collection, environment, options.variables, process.env)
    this.readIdentity = options.readIdentity
    this.isInsecure = options.isInsecure === true || environment?.isInsecure === true
  }

  /** Gives a connection by its name, or the path of its folders and its name. @throws Error where there is none */
  connection(name: string): ConnectionItem {
    const all = [...connectionsOf(this.collection)]
    const found =
      all.find(({ path }) => path === name) ?? all.find(({ connection }) => connection.name === name)
    if (found) return found.connection
    throw new Error(
      unknown(
        'connection',
        name,
        all.map(({ path }) => path),
        this.collection.name,
      ),
    )
  }

  /** Gives a message of a connection. @throws Error where there is none */
  message({ name: of, messages = [] }: ConnectionItem, name: string): ClientMessage {
    const found = messages.find(message => message.name === name)
    if (found) return found
    throw new Error(
      unknown(
        'message',
        name,
        messages.map(message => message.name),
        of,
      ),
    )
  }

  /** Fills in a message. @throws Error with what is wrong with it */
  async outgoing(message: ClientMessage, variables = this.variables): Promise<Outgoing> {
    return await outgoingOf(message, variables, this.folder)
  }

  /** Fills in a connection. @throws Error with what is wrong with it */
  plan(connection: ConnectionItem, use: PlanUse = 'connect'): DialPlan {
    return dialPlan(this.collection, connection, this.variables, this, use)
  }

  /** Opens a connection. @throws DialError where that fails */
  async connect(name: string, options?: ConversationOptions): Promise<Conversation> {
    return await Conversation.begin(this.plan(this.connection(name)), options).opened
  }

  /** Sends a message of a connection over it. @throws Error where it cannot be sent */
  async send(conversation: Conversation, connection: string, message: string): Promise<void> {
    const found = this.message(this.connection(connection), message)
    await conversation.send(await this.outgoing(found), message)
  }
}

/** Reads a collection and has it ready. @throws CollectionError, or Error where there is no such environment */
export function openCollection(file: string, options?: OpenOptions): OpenCollection {
  return new OpenCollection(loadCollection(file), dirname(file), options)
}

function environmentOf(
  { environments, name: of }: Collection,
  name: string | undefined,
): Environment | undefined {
  if (name === undefined) return environments.find(({ isCurrent }) => isCurrent)
  const found = environments.find(environment => environment.name === name)
  if (found) return found
  throw new Error(
    unknown(
      'environment',
      name,
      environments.map(environment => environment.name),
      of,
    ),
  )
}

function unknown(what: string, name: string, known: readonly string[], where: string): string {
  const hint = didYouMean(name, known)
  const list = known.length === 0 ? 'it has none' : `it has ${known.slice(0, 20).join(', ')}`
  return `${where} has no ${what} ${name}; ${hint ?? list}`
}
