// An nkey of a user of NATS for tests, made on the spot: an Ed25519 seed and its public half, as NATS spells them.
import { createPrivateKey, randomBytes } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** What precedes the 32 bytes of a private key in PKCS #8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SEED = 18 << 3
const USER = 20 << 3

function base32(bytes: Uint8Array): string {
  let text = ''
  let value = 0
  let bits = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31]
    value &= 31
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31]
}

/** CRC-16 of XMODEM. */
function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte << 8
    for (let bit = 0; bit < 8; bit++) sum = sum & 0x8000 ? ((sum << 1) ^ 0x1021) & 0xffff : (sum << 1) & 0xffff
  }
  return sum
}

function spelt(bytes: Buffer): string {
  const sum = checksum(bytes)
  return base32(Buffer.concat([bytes, Buffer.of(sum & 0xff, sum >> 8)]))
}

/** `seed` signs in; `public` is what a server knows of it. */
export function userNkey(): { readonly seed: string; readonly public: string } {
  const secret = randomBytes(32)
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' })
  const { x = '' } = key.export({ format: 'jwk' })
  return {
    seed: spelt(Buffer.concat([Buffer.of(SEED | (USER >> 5), (USER & 31) << 3), secret])),
    public: spelt(Buffer.concat([Buffer.of(USER), Buffer.from(x, 'base64url')])),
  }
}
