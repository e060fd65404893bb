import { expect, test } from 'vitest'
import { PICTURES, pictureOf } from './pictures.ts'

test.each(PICTURES)('docs/$name.svg is a frame of today', async (picture) => {
  await expect(pictureOf(picture)).toMatchFileSnapshot(`../../docs/${picture.name}.svg`)
})
