// One node's SQLite file of states: each step is one statement, so that it is whole whichever process dies, and whoever else writes.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { type BirthId, ENDED, type Fence, type StoredState } from './fence.ts'

/** How long a statement waits for another process's; meanwhile the event loop stands still. Others hold a file for microseconds. */
const BUSY_MS = 250

/** A row for each birth. Its token comes first; the rest is the newest state, and who wrote it: a token is raised before anything is written under it. */
const SCHEMA = `CREATE TABLE IF NOT EXISTS births (
  key TEXT NOT NULL,
  gen INTEGER NOT NULL,
  founder TEXT NOT NULL,
  fence_epoch INTEGER NOT NULL,
  fence_owner TEXT NOT NULL,
  epoch INTEGER,
  owner TEXT,
  seq INTEGER,
  version INTEGER,
  bytes BLOB,
  PRIMARY KEY (key, gen, founder)
) STRICT`

/** As `shutsOut`: a later birth, or a greater token of this one, keeps the table as it is. */
const UNLESS_SHUT_OUT = 'WHERE NOT EXISTS (SELECT 1 FROM births WHERE key = ?1 AND gen > max(?2, ?6))'
const UNLESS_GREATER = `WHERE fence_epoch < excluded.fence_epoch
  OR fence_epoch = excluded.fence_epoch AND fence_owner >= excluded.fence_owner`

const RAISE = `INSERT INTO births (key, gen, founder, fence_epoch, fence_owner) SELECT ?1, ?2, ?3, ?4, ?5 ${UNLESS_SHUT_OUT}
  ON CONFLICT DO UPDATE SET fence_epoch = excluded.fence_epoch, fence_owner = excluded.fence_owner ${UNLESS_GREATER}`

const WRITE = `INSERT INTO births SELECT ?1, ?2, ?3, ?4, ?5, ?4, ?5, ?7, ?8, ?9 ${UNLESS_SHUT_OUT}
  ON CONFLICT DO UPDATE SET fence_epoch = excluded.fence_epoch, fence_owner = excluded.fence_owner,
    epoch = excluded.epoch, owner = excluded.owner, seq = excluded.seq, version = excluded.version, bytes = excluded.bytes ${UNLESS_GREATER}`

const CLEAR = `UPDATE births SET epoch = NULL, owner = NULL, seq = NULL, version = NULL, bytes = NULL
  WHERE (key, gen, founder, fence_epoch, fence_owner) = (?, ?, ?, ?, ?)`

interface Row {
  readonly gen: number
  readonly founder: string
  readonly fence_epoch: number
  readonly fence_owner: string
  readonly epoch: number | null
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
  readonly #readUpTo: StatementSync
  readonly #last: StatementSync
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
    this.#read = database.prepare('SELECT * FROM births WHERE (key, gen, founder) = (?, ?, ?)')
    this.#readUpTo = database.prepare('SELECT * FROM births WHERE key = ? AND gen <= ? AND epoch IS NOT NULL')
    this.#last = database.prepare('SELECT * FROM births WHERE key = ? ORDER BY gen DESC LIMIT 1')
    this.#clear = database.prepare(CLEAR)
    this.#forget = database.prepare('DELETE FROM births WHERE key = ? AND gen <= ?')
  }

  get lastGen(): number {
    return (this.#database.prepare('SELECT max(gen) AS gen FROM births').get() as { gen: number | null }).gen ?? 0
  }

  /** Makes `fence` the token of its birth in this file; answers what shuts it out if there is such, and then nothing has changed. */
  raise(key: string, fence: Fence): Fence | undefined {
    return this.#run(this.#raise, key, fence, [])
  }

  /** Writes a state; answers as `raise`. */
  write(key: string, { fence, seq, version, bytes }: StoredState): Fence | undefined {
    return this.#run(this.#write, key, fence, [seq, version, bytes])
  }

  #run(statement: StatementSync, key: string, fence: Fence, rest: readonly SQLInputValue[]): Fence | undefined {
    if (statement.run(key, ...values(fence), fence.over ?? 0, ...rest).changes === 1) return undefined
    const last = this.#last.get(key) as Row | undefined
    const row = last !== undefined && last.gen > fence.gen ? last : (this.#read.get(key, fence.gen, fence.founder) as Row | undefined)
    // Gone between two statements.
    if (row === undefined) return ENDED
    return { gen: row.gen, founder: row.founder, epoch: row.fence_epoch, owner: row.fence_owner }
  }

  read(key: string, { gen, founder }: BirthId): StoredState | undefined {
    return stateOf(this.#read.get(key, gen, founder) as Row | undefined)
  }

  /** The states of all births up to this number. */
  readUpTo(key: string, gen: number): readonly (StoredState | undefined)[] {
    return (this.#readUpTo.all(key, gen) as unknown as Row[]).map(stateOf)
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

function values({ gen, founder, epoch, owner }: Fence): readonly SQLInputValue[] {
  return [gen, founder, epoch, owner]
}

function stateOf(row: Row | undefined): StoredState | undefined {
  if (row === undefined || row.epoch === null) return undefined
  const { gen, founder, epoch, owner, seq, version, bytes } = row
  return { fence: { gen, founder, epoch, owner }, seq, version, bytes }
}

/** Whether another process held the file for too long. */
export function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY
}
