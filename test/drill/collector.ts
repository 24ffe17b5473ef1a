// A collector of traces for drills: it takes what it is sent, or fails when it is told to.
import { Ear } from './ear.ts'

export class Collector extends Ear {
  isBroken = false

  constructor() {
    super((request, response) => {
      request.resume().on('end', () => response.writeHead(this.isBroken ? 500 : 200, { 'content-type': 'application/json' }).end('{}'))
    })
  }
}
