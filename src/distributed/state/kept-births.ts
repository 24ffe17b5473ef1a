// What a key of the engine keeps of a name: each of its births, with its token and what was written last; and what may be made of that. Pure.
import { type BirthId, compareFences, compareStates, ENDED, type Fence, isSameBirth, type StoredState, shutsOut } from './fence.ts'

/** A state whose bytes are at hand, or lie in the blob of this name. */
export interface KeptContent extends Omit<StoredState, 'bytes'> {
  readonly bytes: Uint8Array | string
}

export interface KeptBirth {
  readonly token: Fence
  /** `undefined`: nothing was written yet. */
  readonly content: KeptContent | undefined
}

/** Of one name; empty when nothing is known of it, or its births are over. */
export type KeptBirths = readonly KeptBirth[]

/** So many births are kept, the latest ones. Each but the last was begun by nodes that knew of no other, or went down with the whole cluster. */
const MOST_BIRTHS = 8

export type Opening =
  | { readonly ok: true; readonly births: KeptBirths; readonly found: KeptContent | undefined }
  | { readonly ok: false; readonly by: Fence }

/** Makes `fence` the token of its birth, and what it finds the first thing written under it. */
export function openBirth(births: KeptBirths, fence: Fence, inherits: boolean): Opening {
  const by = greatestOver(births, fence)
  if (by !== undefined) return { ok: false, by }
  let found: KeptContent | undefined
  for (const { token, content } of births) {
    if (content === undefined || !(inherits ? token.gen <= fence.gen : isSameBirth(token, fence))) continue
    if (found === undefined || compareStates(bare(content), bare(found)) > 0) found = content
  }
  const token = tokenOf(fence)
  return { ok: true, births: put(births, { token, content: found && { ...found, fence: token, seq: 1 } }), found }
}

/** `by`: whose token refuses it; of a birth that is not there nothing is written, since it is over. */
export type Writing = { readonly ok: true; readonly births: KeptBirths } | { readonly ok: false; readonly by: Fence }

export function writeBirth(births: KeptBirths, content: KeptContent): Writing {
  const by = greatestOver(births, content.fence)
  if (by !== undefined) return { ok: false, by }
  if (!births.some(({ token }) => isSameBirth(token, content.fence))) return { ok: false, by: ENDED }
  const token = tokenOf(content.fence)
  return { ok: true, births: put(births, { token, content: { ...content, fence: token } }) }
}

/** Without this birth and those before it. */
export function forgetBirths(births: KeptBirths, gen: number): KeptBirths {
  return births.filter(({ token }) => token.gen > gen)
}

/** The greatest of the tokens that shut `fence` out. */
export function greatestOver(births: KeptBirths, fence: Fence): Fence | undefined {
  let greatest: Fence | undefined
  for (const { token } of births) {
    if (shutsOut(token, fence) && (greatest === undefined || compareFences(token, greatest) > 0)) greatest = token
  }
  return greatest
}

/** The blobs that are referred to. */
export function blobsOf(births: KeptBirths): ReadonlySet<string> {
  const names = births.map(({ content }) => content?.bytes)
  return new Set(names.filter((name) => typeof name === 'string'))
}

function put(births: KeptBirths, birth: KeptBirth): KeptBirths {
  // The usual case, for each write.
  if (births.length === 1 && isSameBirth((births[0] as KeptBirth).token, birth.token)) return [birth]
  const others = births.filter(({ token }) => !isSameBirth(token, birth.token))
  const latest = others.toSorted((a, b) => compareFences(b.token, a.token)).slice(0, MOST_BIRTHS - 1)
  return [birth, ...latest]
}

const NOTHING = new Uint8Array()

/** For comparing, which looks at no bytes. */
function bare(content: KeptContent): StoredState {
  return { ...content, bytes: NOTHING }
}

function tokenOf({ gen, founder, epoch, owner }: BirthId & Fence): Fence {
  return { gen, founder, epoch, owner }
}
