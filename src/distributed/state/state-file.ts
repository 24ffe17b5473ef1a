// One node's SQLite file of states: each step is one statement, so that it is whole whichever process dies, and whoever else writes.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { Fence, StoredState } from './fence.ts'

/** How long a statement waits for another process's; meanwhile the event loop stands still. Others hold a file for microseconds. */
const BUSY_MS = 250

/** The token comes first; the rest is the newest state, and who wrote it: a token is raised before anything is written under it. */
const SCHEMA = `CREATE TABLE IF NOT EXISTS states (
  key TEXT PRIMARY KEY,
  fence_gen INTEGER NOT NULL,
  fence_epoch INTEGER NOT NULL,
  fence_owner TEXT NOT NULL,
  gen INTEGER,
  epoch INTEGER,
  owner TEXT,
  seq INTEGER,
  version INTEGER,
  bytes BLOB
) STRICT`

/** As `compareFences`: a greater token in the table keeps the row as it is. */
const UNLESS_FENCED = `WHERE NOT (
  (fence_gen, fence_epoch) > (excluded.fence_gen, excluded.fence_epoch)
  OR (fence_gen, fence_epoch) = (excluded.fence_gen, excluded.fence_epoch) AND fence_owner < excluded.fence_owner)`

const RAISE = `INSERT INTO states (key, fence_gen, fence_epoch, fence_owner) VALUES (?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET fence_gen = excluded.fence_gen, fence_epoch = excluded.fence_epoch, fence_owner = excluded.fence_owner
  ${UNLESS_FENCED}`

const WRITE = `INSERT INTO states VALUES (?1, ?2, ?3, ?4, ?2, ?3, ?4, ?5, ?6, ?7)
  ON CONFLICT (key) DO UPDATE SET fence_gen = excluded.fence_gen, fence_epoch = excluded.fence_epoch, fence_owner = excluded.fence_owner,
    gen = excluded.gen, epoch = excluded.epoch, owner = excluded.owner, seq = excluded.seq, version = excluded.version, bytes = excluded.bytes
  ${UNLESS_FENCED}`

const CLEAR = `UPDATE states SET gen = NULL, epoch = NULL, owner = NULL, seq = NULL, version = NULL, bytes = NULL
  WHERE key = ? AND (fence_gen, fence_epoch, fence_owner) = (?, ?, ?)`

interface Row {
  readonly fence_gen: number
  readonly fence_epoch: number
  readonly fence_owner: string
  readonly gen: number | null
  readonly epoch: number
  readonly owner: string
  readonly seq: number
  readonly version: number
  readonly bytes: Uint8Array
}

export class StateFile {
  readonly #database: DatabaseSync
  readonly #raise: StatementSync
  readonly #write: StatementSync
  readonly #read: StatementSync
  readonly #clear: StatementSync
  readonly #forget: StatementSync

  /** `syncs`: every commit reaches the disk before it returns, and not only the operating system. */
  constructor(path: string, syncs: boolean) {
    const database = new DatabaseSync(path, { timeout: BUSY_MS })
    this.#database = database
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${syncs ? 'FULL' : 'NORMAL'}`)
    database.exec(SCHEMA)
    this.#raise = database.prepare(RAISE)
    this.#write = database.prepare(WRITE)
    this.#read = database.prepare('SELECT * FROM states WHERE key = ?')
    this.#clear = database.prepare(CLEAR)
    this.#forget = database.prepare('DELETE FROM states WHERE key = ? AND fence_gen <= ?')
  }

  get lastGen(): number {
    return (this.#database.prepare('SELECT max(fence_gen) AS gen FROM states').get() as { gen: number | null }).gen ?? 0
  }

  /** Makes `fence` the token of the name in this file; answers the greater one if there is, and then nothing has changed. */
  raise(key: string, fence: Fence): Fence | undefined {
    return this.#run(this.#raise, key, [key, ...values(fence)])
  }

  /** Writes a state; answers as `raise`. */
  write(key: string, { fence, seq, version, bytes }: StoredState): Fence | undefined {
    return this.#run(this.#write, key, [key, ...values(fence), seq, version, bytes])
  }

  #run(statement: StatementSync, key: string, parameters: readonly SQLInputValue[]): Fence | undefined {
    if (statement.run(...parameters).changes === 1) return undefined
    const row = this.#read.get(key) as Row | undefined
    // Gone between two statements: the birth has ended, which is no token that one could name.
    return row === undefined ? { gen: 0, epoch: 0, owner: '' } : { gen: row.fence_gen, epoch: row.fence_epoch, owner: row.fence_owner }
  }

  read(key: string): StoredState | undefined {
    const row = this.#read.get(key) as Row | undefined
    if (row === undefined || row.gen === null) return undefined
    const { gen, epoch, owner, seq, version, bytes } = row
    return { fence: { gen, epoch, owner }, seq, version, bytes }
  }

  /** Drops the state and keeps the token. */
  clear(key: string, fence: Fence): void {
    this.#clear.run(key, ...values(fence))
  }

  forget(key: string, gen: number): void {
    this.#forget.run(key, gen)
  }

  /** Runs steps as one transaction, or, if one throws, none of them. */
  together(steps: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      steps()
      this.#database.exec('COMMIT')
    } catch (error) {
      // A full disk has rolled it back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }
}

function values({ gen, epoch, owner }: Fence): [number, number, string] {
  return [gen, epoch, owner]
}

/** Whether another process held the file for too long. */
export function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
}
