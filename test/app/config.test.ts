import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type NodeConfigInput, readConfig, readPassphrase } from '../../oracle-node/app/config.ts'
import { LIVE_MARKETS } from '../../oracle-node/app/live-markets.ts'
import { marketAssetOf } from '../../oracle-node/app/market-config.ts'
import { announcedAddresses, listenAddresses, transportOf } from '../../oracle-node/app/network-config.ts'
import { roundSettings } from '../../oracle-node/app/round-settings.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { sampleConfig, writeConfigFile } from '../support/node-config.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

function faultOf(content: unknown): string {
  const path = writeConfigFile(content)
  try {
    readConfig(path)
  } catch (error) {
    const { message } = error as Error
    expect(message, 'names the file').toContain(path)
    return message
  }
  throw new Error('the configuration was taken')
}

type Path = readonly [string | number, ...(string | number)[]]

/** The sample with one place set to something else; undefined leaves it out. */
function changed(path: Path, value: unknown): unknown {
  const config = structuredClone(sampleConfig()) as unknown as Record<string | number, unknown>
  const last = path[path.length - 1] as string | number
  const holder = path.slice(0, -1).reduce((inner, step) => inner[step] as Record<string | number, unknown>, config)
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return config
}

describe('a configuration', () => {
  test('is read from YAML or JSON, with defaults filled in and paths taken from its own folder', () => {
    for (const content of [sampleConfig(), JSON.stringify(sampleConfig())]) {
      const path = writeConfigFile(content)
      const config = readConfig(path)
      const folder = dirname(path)
      expect(config.dataFolder).toBe(join(folder, 'data'))
      expect(config.passphraseFile).toBe(join(folder, 'passphrase'))
      expect(config.run?.modelsFolder).toBe(join(dirname(folder), 'models'))
      expect(config.run?.timing).toEqual({ collectMs: 1_000, shareMs: 1_500, attemptMs: 5_000, transmitMs: 3_000 })
      expect(config.run?.tolerance).toEqual({ priceBps: 300, riskBps: 500, clockSeconds: 120 })
      expect(config.run?.logLevel).toBe('info')
      expect(config.members[0]?.operator).toBe(`0x${'a'.repeat(39)}1`)
    }
  })

  test('without a passphrase file or the part for rounds is enough for keys', () => {
    const { run: _run, passphraseFile: _file, ...rest } = sampleConfig()
    const config = readConfig(writeConfigFile(rest))
    expect([config.run, config.passphraseFile]).toEqual([undefined, undefined])
  })

  test('may say how transactions are paid, in part or not at all', () => {
    expect(readConfig(writeConfigFile(sampleConfig())).run?.chain.fees).toBeUndefined()
    const fees = { maxFeeGwei: 80, priorityFeeGwei: 0.05 }
    expect(readConfig(writeConfigFile(changed(['run', 'chain', 'fees'], fees))).run?.chain.fees).toEqual(fees)
  })

  test('keeps an absolute path as it is', () => {
    expect(readConfig(writeConfigFile(changed(['dataFolder'], '/var/lib/plimsoll'))).dataFolder).toBe(
      '/var/lib/plimsoll',
    )
  })
})

test('the group key and the size of the audit log are taken as they are, and can be left out', () => {
  const groupKey = `0x02${'ab'.repeat(32)}`
  expect(readConfig(writeConfigFile(changed(['groupKey'], groupKey))).groupKey).toBe(groupKey)
  expect(readConfig(writeConfigFile(sampleConfig())).groupKey).toBeUndefined()
  const audit = { keepMegabytes: 64 }
  expect(readConfig(writeConfigFile(changed(['run', 'audit'], audit))).run?.audit).toEqual(audit)
})

const TRIGGERS = { heartbeatSeconds: 960, priceBps: 50, riskBps: 100, depthBps: 2_000 }

test('triggers are taken where a heartbeat and a round fit in the validity', () => {
  const given = { ...TRIGGERS, assets: { WETH: { priceBps: 10 } } }
  expect(readConfig(writeConfigFile(changed(['run', 'triggers'], given))).run?.triggers).toEqual(given)
  expect(readConfig(writeConfigFile(sampleConfig())).run?.triggers).toBeUndefined()
})

const REGISTRY = { address: `0x${'cd'.repeat(20)}`, rpcUrl: 'http://127.0.0.1:8545', chainId: 31_337 }

describe('with a registry', () => {
  const withRegistry = (more: object = {}) => {
    const { members: _members, ...rest } = sampleConfig()
    return readConfig(writeConfigFile({ ...rest, registry: REGISTRY, ...more }))
  }

  test('nobody lists members, and libp2p is the transport; with members and no registry it is TLS', () => {
    const config = withRegistry()
    expect([config.members, transportOf(config).kind]).toEqual([[], 'libp2p'])
    expect(listenAddresses(config, { kind: 'libp2p' })).toEqual(['/ip4/127.0.0.1/tcp/4001'])
    expect(transportOf(readConfig(writeConfigFile(sampleConfig())))).toEqual({ kind: 'tls' })
    const both = readConfig(writeConfigFile({ ...sampleConfig(), registry: REGISTRY, transport: { kind: 'tls' } }))
    expect(transportOf(both)).toEqual({ kind: 'tls' })
  })

  test('a node behind NAT announces another address than it listens at', () => {
    const listen = ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4002/ws']
    const announce = ['/dns4/node.example/tcp/4001', '/dns4/node.example/tcp/443/wss']
    const config = withRegistry({ transport: { kind: 'libp2p', listen, announce } })
    const transport = { kind: 'libp2p', listen, announce } as const
    expect(transportOf(config)).toEqual(transport)
    expect(listenAddresses(config, transport)).toEqual(listen)
    expect(announcedAddresses(config, transport)).toEqual(announce)
  })

  test('an address that nobody reaches is not announced, and a name is not listened at', () => {
    const everywhere = withRegistry({ listen: { host: '0.0.0.0', port: 4_001 } })
    expect(() => announcedAddresses(everywhere, { kind: 'libp2p' })).toThrow(
      /no other machine reaches.*transport\.announce/,
    )
    const named = withRegistry({ listen: { host: 'node.example', port: 4_001 } })
    expect(() => listenAddresses(named, { kind: 'libp2p' })).toThrow('listens at an IP')
  })
})

describe('a fault is named with its place:', () => {
  const WRONG: ReadonlyArray<readonly [Path, unknown, string]> = [
    [['node'], undefined, 'node'],
    [['node'], 0, 'node'],
    [['node'], 101, 'node'],
    [['node'], '2', 'node'],
    [['node'], 5, 'is not one of the members'],
    [['dataFolder'], '', 'dataFolder'],
    [['listen', 'port'], 0, 'listen.port'],
    [['listen', 'port'], 65_536, 'listen.port'],
    [['http', 'host'], '', 'http.host'],
    [['epoch'], 0, 'epoch'],
    [['groupKey'], `0x04${'ab'.repeat(32)}`, 'needs a compressed public key'],
    [['groupKey'], 2, 'groupKey'],
    [['members'], [], 'members'],
    [['members'], undefined, 'needed with TLS'],
    [['transport'], { kind: 'libp2p' }, 'needed with libp2p'],
    [['transport'], { kind: 'pigeon' }, 'transport.kind'],
    [['transport'], { kind: 'libp2p', listen: ['/dns4/node.example/tcp/1'] }, 'transport.listen[0]'],
    [['transport'], { kind: 'libp2p', announce: ['/ip4/0.0.0.0/tcp/1'] }, 'transport.announce[0]'],
    [['transport'], { kind: 'libp2p', announce: [] }, 'transport.announce'],
    [['registry'], { ...REGISTRY, address: '0x12' }, 'registry.address'],
    [['members', 0, 'node'], 3, 'members must be numbered 1, 2, 3'],
    [['members', 1, 'operator'], '0x12', 'needs an address'],
    [['members', 2, 'certificatePem'], 'PEM', 'members[2].certificatePem'],
    [['run', 'chain', 'rpcUrl'], 'ftp://chain', 'run.chain.rpcUrl'],
    [['run', 'chain', 'chainId'], -1, 'run.chain.chainId'],
    [['run', 'chain', 'fees'], { maxFeeGwei: 0 }, 'run.chain.fees.maxFeeGwei'],
    [['run', 'chain', 'fees'], { confirmations: 1.5 }, 'run.chain.fees.confirmations'],
    [['run', 'chain', 'fees'], { maxFee: 100 }, 'run.chain.fees'],
    [['run', 'schedule', 'stepSeconds'], 9, 'run.schedule.stepSeconds'],
    [['run', 'schedule', 'clock'], 'sundial', 'run.schedule.clock'],
    [['run', 'validForSeconds'], 65_536, 'run.validForSeconds'],
    [['run', 'triggers'], { ...TRIGGERS, priceBps: 0 }, 'run.triggers.priceBps'],
    [['run', 'triggers'], { ...TRIGGERS, heartbeatSeconds: 961 }, 'must fit in validForSeconds'],
    [['run', 'triggers'], { ...TRIGGERS, assets: { WETH: { heartbeatSeconds: 961 } } }, 'must fit in validForSeconds'],
    [['run', 'timing'], { collectMs: 1, shareMs: 1_000, attemptMs: 1_000, transmitMs: 1_000 }, 'run.timing.collectMs'],
    [['run', 'tolerance'], { priceBps: 0, riskBps: 1, clockSeconds: 1 }, 'run.tolerance.priceBps'],
    [['run', 'logLevel'], 'chatty', 'run.logLevel'],
    [['run', 'audit'], { keepMegabytes: 31 }, 'run.audit.keepMegabytes'],
    [['run', 'markets', 'assets', 'WETH', 'venuesMin'], 9, 'run.markets.assets.WETH.venuesMin'],
    [['run', 'markets', 'marketAsset'], 'DOGE', 'is not one of the assets'],
  ]
  test.each(WRONG)('%j = %j', (path, value, place) => {
    expect(faultOf(changed(path, value))).toContain(place)
  })

  test.each([[[]], [['listen']], [['members', 3]], [['run']], [['run', 'chain']], [['run', 'schedule']]] as const)(
    'a key nobody knows in %j',
    (path) => {
      const fault = faultOf(changed([...path, 'surprise'] as unknown as Path, 1))
      expect(fault).toContain('surprise')
      for (const step of path) expect(fault).toContain(String(step))
    },
  )

  test('all faults at once', () => {
    const config = changed(['epoch'], 0) as Record<string, unknown>
    const fault = faultOf({ ...config, dataFolder: '', node: 'two' })
    for (const place of ['epoch', 'dataFolder', 'node']) expect(fault).toContain(place)
  })

  test('two members with one operator, certificate or address, since one would vote twice or hear nothing', () => {
    const { members = [] } = sampleConfig()
    const [first] = members
    if (first === undefined) throw new Error('members')
    expect(faultOf(changed(['members', 2, 'operator'], first.operator.toLowerCase()))).toContain('operator')
    expect(faultOf(changed(['members', 2, 'certificatePem'], first.certificatePem))).toContain('certificate')
    const twin = { ...members[2], host: first.host, port: first.port }
    expect(faultOf(changed(['members', 2], twin))).toContain('port')
  })

  test('text that is no YAML, or holds nothing', () => {
    for (const content of ['node: [1', '{', 'a: 1\n b: 2\n  - c', '', 'null', '42', '- 1', '&a [*a]']) faultOf(content)
  })

  test('a file that is not there', () => {
    const path = join(temporaryFolder(), 'none.yaml')
    expect(() => readConfig(path)).toThrow(`can't read the configuration ${path}`)
  })

  test('whatever else a file may hold', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        faultOf(JSON.stringify(json))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a passphrase', () => {
  test('comes from the variable, or else from the file without its last line break', () => {
    const file = join(temporaryFolder(), 'passphrase')
    writeFileSync(file, ' with spaces \r\n')
    expect(readPassphrase(file, {})).toBe(' with spaces ')
    expect(readPassphrase(file, { PLIMSOLL_PASSPHRASE: 'from the variable' })).toBe('from the variable')
    expect(readPassphrase(file, { PLIMSOLL_PASSPHRASE: '' })).toBe(' with spaces ')
    writeFileSync(file, 'two\nlines\n')
    expect(readPassphrase(file, {})).toBe('two\nlines')
  })

  test('that nobody gives is an error that says how', () => {
    expect(() => readPassphrase(undefined, {})).toThrow('set PLIMSOLL_PASSPHRASE, or name a passphraseFile')
    const missing = join(temporaryFolder(), 'none')
    expect(() => readPassphrase(missing, {})).toThrow(`can't read the passphrase file ${missing}`)
  })
})

test('the asset that stands for the market is the one that is named, or Bitcoin where it is watched', () => {
  const [market] = Object.values(LIVE_MARKETS.assets)
  if (market === undefined) throw new Error('a market')
  expect(marketAssetOf({ assets: { WETH: market, WBTC: market } })).toBe('WBTC')
  expect(marketAssetOf({ assets: { WETH: market } })).toBeUndefined()
  expect(marketAssetOf({ assets: { WETH: market, WBTC: market }, marketAsset: 'WETH' })).toBe('WETH')
})

test('a round’s settings follow from the configuration, the key and the models', () => {
  const config = readConfig(writeConfigFile(sampleConfig() satisfies NodeConfigInput))
  const { run } = config
  if (run === undefined) throw new Error('the sample runs')
  const { keys } = makeWorld(4)
  const operators = config.members.map(({ operator }) => operator)
  const settings = roundSettings(config, operators, run, keys, `0x${'77'.repeat(32)}`)
  expect(settings).toEqual({
    committee: { epoch: 1, operators },
    self: 2,
    keys,
    domain: { chainId: 31_337n, oracle: `0x${'ab'.repeat(20)}` },
    modelSet: `0x${'77'.repeat(32)}`,
    tolerance: run.tolerance,
    collectMs: 1_000,
    shareMs: 1_500,
    attemptMs: 5_000,
  })
})
