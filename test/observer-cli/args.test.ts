// The command line of otp-observer: what it takes, and clear answers to what it does not.
import { describe, expect, test } from 'vitest'
import { readArguments, USAGE } from '#src/observer-cli/args.ts'

const noFile = (path: string): string => {
  throw new Error(`ENOENT: ${path}`)
}
const read = (argv: readonly string[], env: Readonly<Record<string, string>> = {}, file = noFile) => readArguments(argv, env, file)
const optionsOf = (asked: ReturnType<typeof read>) => (asked.ok ? asked.options : asked.text)

describe('otp-observer', () => {
  test('looks at the first node of this machine where nothing is said', () => {
    expect(optionsOf(read([]))).toEqual({
      url: 'http://127.0.0.1:4001',
      token: undefined,
      sort: 'mailbox',
      intervalMs: 1000,
      once: false,
      json: false,
    })
  })

  test('takes arguments before the environment, and a token from a file without its line end', () => {
    const env = { OTP_OBSERVER_URL: 'http://a:1', OTP_OBSERVER_TOKEN_FILE: '/token' }
    expect(
      optionsOf(read(['--url', 'https://b:2/', '--once', '--json', '--sort', 'age', '--interval', '250'], env, () => 'secret\n')),
    ).toEqual({
      url: 'https://b:2',
      token: 'secret',
      sort: 'age',
      intervalMs: 250,
      once: true,
      json: true,
    })
    expect(optionsOf(read([], { ...env, OTP_OBSERVER_TOKEN: 'of the environment' }))).toMatchObject({ token: 'of the environment' })
  })

  test('says how it is used', () => {
    expect(read(['--help'])).toEqual({ ok: false, exitCode: 0, text: USAGE })
  })

  test.for([
    [['--url', 'nowhere'], 'expected --url to be an http address, got nowhere'],
    [['--url', 'file:///etc/passwd'], 'expected --url to be an http address'],
    [['--sort', 'size'], 'expected --sort to be one of mailbox, oldest'],
    [['--interval', '10'], 'expected --interval to be a whole number from 250 on, got 10'],
    [['--interval', 'soon'], 'got soon'],
    [['--json'], 'it goes with --once'],
    [['--what'], "Unknown option '--what'"],
    [['extra'], "Unexpected argument 'extra'"],
  ] as const)('refuses %j', ([argv, text]) => {
    const asked = read(argv)
    expect(asked).toMatchObject({ ok: false, exitCode: 2 })
    expect(optionsOf(asked)).toContain(text)
  })

  test('says which file with a token cannot be read', () => {
    expect(optionsOf(read([], { OTP_OBSERVER_TOKEN_FILE: '/token' }))).toContain('got /token: ENOENT')
  })
})
