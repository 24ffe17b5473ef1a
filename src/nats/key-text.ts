// Any text as part of a subject: what a subject may not hold is written as `=` and two digits for each byte. Pure.

/** What stays as it is: what the tools of NATS take in a key, but for `=` and the dot. */
const PLAIN = /^[A-Za-z0-9_/-]$/

/**
 * The text as the end of a subject, legal for any text, and never the same for two. A dot stays where it parts two tokens, so that an operator
 * may ask for all of `name.>`.
 */
export function keyText(text: string): string {
  if (text === '') return '='
  let subject = ''
  for (const character of text) {
    const parts = character === '.' && subject !== '' && !subject.endsWith('.')
    if (parts || PLAIN.test(character)) subject += character
    else for (const byte of bytesOf(character)) subject += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return subject.endsWith('.') ? `${subject.slice(0, -1)}=2E` : subject
}

/** UTF-8, and of half a surrogate pair the three bytes that it would have: to UTF-8 all halves are one and the same character. */
function bytesOf(character: string): Iterable<number> {
  const code = character.codePointAt(0) as number
  if (code < 0xd800 || code > 0xdfff) return Buffer.from(character)
  return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]
}
