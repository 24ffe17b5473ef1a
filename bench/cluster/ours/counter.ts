// A process that counts, and says who it is: as small as a server with a state gets.
import { genServer, reply } from '#otp-labs'

export const Counter = genServer({
  name: 'counter',
  init: (start: number) => start,
  calls: {
    add: (count, by: number) => reply(count + by, count + by),
    self: (count, _nothing: undefined, self) => reply(self.pid, count),
  },
})
