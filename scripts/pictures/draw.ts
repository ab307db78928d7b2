/** Draws the pictures of the documents into docs/pictures/. */
import {writeFile} from 'node:fs/promises'
import {drawPictures} from './pictures.ts'

for (const {url, svg} of await drawPictures()) {
  await writeFile(url, svg)
  console.log(url.pathname.split('/').slice(-3).join('/'))
}
