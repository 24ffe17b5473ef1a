// What requests to the auctions may hold; a `description` is what the answer says was expected.

export const record = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  description: 'a JSON object',
  additionalProperties: false,
  properties,
  required,
})

const text = (most: number) => ({ type: 'string', minLength: 1, maxLength: most, description: `a text of 1 to ${most} characters` })
export const whole = (least: number, most: number) => ({
  type: 'integer',
  minimum: least,
  maximum: most,
  description: `a whole number from ${least} to ${most}`,
})

/** Safe in an address, and never longer than a path's parameter may be. */
export const lotId = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$',
  description: '1 to 100 letters, digits, _ . and -, a letter or digit first',
}

/** Longer than any auction, and not longer than a timer can wait. */
const LONGEST_MS = 7 * 86_400_000

export const openLot = {
  body: record(
    {
      id: lotId,
      title: text(200),
      reserve: { type: 'number', minimum: 0, default: 0, description: 'a number of 0 or more' },
      closesInMs: whole(1, LONGEST_MS),
    },
    ['title'],
  ),
}

export const listLots = {
  querystring: record({
    prefix: { type: 'string', maxLength: 100, default: '' },
    after: { type: 'string', maxLength: 100, default: '' },
    limit: { ...whole(1, 10_000), default: 100 },
  }),
}

export const placeBid = {
  body: record({ bidder: text(100), amount: { type: 'number', exclusiveMinimum: 0, description: 'a number above 0' }, id: text(100) }, [
    'bidder',
    'amount',
  ]),
}
