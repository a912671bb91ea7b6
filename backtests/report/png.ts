import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import { concrete } from './palette.ts'

const FACES = ['DejaVuSansCondensed', 'DejaVuSansCondensed-Bold', 'DejaVuSansCondensed-Oblique']
const FAMILY = 'DejaVu Sans Condensed'

/** A plot as a picture at twice its size. Its fonts come with the packages, never from the system: the same bytes on every machine. */
export function plotPng(svg: string): Uint8Array {
  const drawn = new Resvg(concrete(svg), {
    fitTo: { mode: 'zoom', value: 2 },
    background: concrete('var(--page)'),
    font: {
      loadSystemFonts: false,
      fontFiles: FACES.map((face) => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${face}.ttf`))),
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
    },
  })
  return drawn.render().asPng()
}
