import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { print, say } from '../output.ts'
import { cardOf, entryOf, type ModelsOption, modelsOption, readModels } from './model-files.ts'

type Options = ModelsOption & { readonly html?: string }

export function cardCommand(): Command {
  return newCommand('card', 'Print the card of a model: what it says, its data, its metrics and its known failures.', [
    'plimsoll model card har-quantile',
    'plimsoll model card depth --html depth.html',
  ])
    .argument('<id>', 'a model of plimsoll model list')
    .addOption(modelsOption())
    .option('--html <file>', 'write it as one page, with its plots, instead')
    .action(card)
}

async function card(id: string, { models: folder, html }: Options): Promise<void> {
  const found = cardOf(folder, entryOf(readModels(folder), id))
  if (html === undefined) {
    print(found.text.trimEnd())
    return
  }
  const { cardHtml } = await import('./card-html.ts')
  await writeFile(html, cardHtml(id, found))
  say(`wrote ${html}`)
}
