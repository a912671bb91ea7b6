/** Currencies that markets are quoted in, the longest first. */
const QUOTES = ['FDUSD', 'USDT', 'USDC', 'USD', 'EUR', 'GBP', 'JPY', 'TRY', 'BRL', 'AUD', 'DAI', 'BTC', 'ETH', 'BNB']
/** These end as a base and USD may: `BNBUSD` is BNB/USD and not BN/BUSD, so they are quotes of these bases alone. */
const RARE_QUOTES = ['TUSD', 'BUSD']
const THEIR_BASES = ['BTC', 'ETH', 'BNB', 'XRP', 'SOL', 'ADA', 'LTC', 'DOGE', 'LINK', 'USDC', 'EUR', 'GBP']

/** Names that files and people use for a venue, by the name of the node's configuration. */
const VENUE_NAMES: Readonly<Record<string, string>> = {
  coinbase: 'coinbaseexchange',
  'binance.us': 'binanceus',
  gateio: 'gate',
  okex: 'okx',
}

/**
 * A market as the node names it: `ETHUSDT`, `ETH-USDT`, `eth/usdt` → `ETH/USDT`; undefined where no quote currency can be told.
 */
export function unifiedSymbol(text: string): string | undefined {
  const plain = text.trim().toUpperCase()
  const parts = /^([A-Z0-9]{1,20})[/_-]([A-Z0-9]{2,10})$/.exec(plain)
  if (parts) return `${parts[1]}/${parts[2]}`
  if (!/^[A-Z0-9]{3,30}$/.test(plain)) return undefined
  const rare = RARE_QUOTES.find((each) => THEIR_BASES.includes(plain.slice(0, -each.length)) && plain.endsWith(each))
  const quote = rare ?? QUOTES.find((each) => plain.endsWith(each) && plain.length > each.length)
  return quote && `${plain.slice(0, -quote.length)}/${quote}`
}

/** A venue as the node names it: `Coinbase` → `coinbaseexchange`. */
export function unifiedSource(text: string): string {
  const plain = text.trim().toLowerCase()
  return VENUE_NAMES[plain] ?? plain
}
