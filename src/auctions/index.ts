// auctions: the reference workload, a small real application on the public API alone.
export { type ChaosRoutesOptions, chaosRoutes } from './chaos/routes.ts'
export { Stone } from './chaos/stone.ts'
export { type Bid, type BidAnswer, Lot, type LotArgument, type LotState, type LotView } from './lot.ts'
export { type AuctionRoutesOptions, auctionRoutes } from './routes.ts'
