// A table that scrolls by itself, by mouse and by keyboard.
import type { ComponentChildren, HTMLAttributes } from 'preact'

/** Of a column; those of numbers stand above their last digits. */
type Title = string | { readonly number: string }

interface ListProps {
  readonly label: string
  /** The header cells themselves where one can be clicked. */
  readonly titles: readonly Title[] | ComponentChildren
  readonly size?: 'tall' | 'half'
  /** What the element is given that the rows are in. */
  readonly body?: HTMLAttributes<HTMLTableSectionElement>
  /** The rows. */
  readonly children: ComponentChildren
}

const isTitle = (title: unknown): title is Title =>
  typeof title === 'string' || (typeof title === 'object' && title !== null && 'number' in title)
const isTitles = (titles: ListProps['titles']): titles is readonly Title[] => Array.isArray(titles) && titles.every(isTitle)

function Head({ title }: { readonly title: Title }) {
  return (
    <th scope="col" class={typeof title === 'string' ? undefined : 'number'}>
      {typeof title === 'string' ? title : title.number}
    </th>
  )
}

export function List({ label, titles, size = 'half', body, children }: ListProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <section class={`scroll ${size}`} tabIndex={0} aria-label={`${label}, a table`}>
      <table class="list">
        <thead>
          <tr>
            {isTitles(titles)
              ? titles.map((title) => <Head key={typeof title === 'string' ? title : title.number} title={title} />)
              : titles}
          </tr>
        </thead>
        <tbody {...body}>{children}</tbody>
      </table>
    </section>
  )
}
