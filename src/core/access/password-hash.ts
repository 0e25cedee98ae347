import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** What a password is turned into a hash with: 2 to the power `ln`, times `r`, is how much memory that takes. */
export interface HashCost {
  readonly ln: number
  readonly r: number
  readonly p: number
}

/** A hash that was read. */
export interface PasswordHash extends HashCost {
  readonly salt: Buffer
  readonly hash: Buffer
}

const COST: HashCost = { ln: 15, r: 8, p: 3 }
const HASH_BYTES = 32
/** What one check may take at most, in bytes. */
const MOST_MEMORY = 256 * 1024 * 1024

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/-]{11,86})\$([\w+/-]{22,86})$/

/** Turns a password into a hash as users files have it: `$scrypt$ln=15,r=8,p=3$SALT$HASH`. */
export async function hashPassword(password: string, cost: HashCost = COST): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derived(password, { ...cost, salt, hash: Buffer.alloc(HASH_BYTES) })
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${text(salt)}$${text(hash)}`
}

/** Reads a hash; undefined for what is none, or would take too much. */
export function readHash(text: string): PasswordHash | undefined {
  const [, ln, r, p, salt, hash] = FORM.exec(text.trim()) ?? []
  if (salt === undefined || hash === undefined) return undefined
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  const isDear = memoryOf(cost) > MOST_MEMORY || cost.p > 16
  if (cost.ln < 1 || cost.r < 1 || cost.p < 1 || isDear) return undefined
  return { ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
}

/** Whether a hash is that of a password. */
export async function isPassword(password: string, hash: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derived(password, hash), hash.hash)
}

/** Makes a hash that takes as long as another one to check, and is that of no password. */
export function hashOfNobody({ ln, r, p }: HashCost = COST): PasswordHash {
  return { ln, r, p, salt: randomBytes(16), hash: randomBytes(HASH_BYTES) }
}

function memoryOf({ ln, r }: HashCost): number {
  return 128 * 2 ** ln * r
}

function derived(password: string, { ln, r, p, salt, hash }: PasswordHash): Promise<Buffer> {
  const cost = { N: 2 ** ln, r, p, maxmem: 2 * memoryOf({ ln, r, p }) + 1024 * 1024 }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, hash.length, cost, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
