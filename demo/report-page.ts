// Pure. The page of the report: charts with the questions that they answer, for light and dark screens.

/** A chart, and what it says. */
export interface Figure {
  readonly title: string
  /** The question that it answers. */
  readonly about: string
  /** An `<svg>` element. */
  readonly svg: string
}

const STYLE = `:root{color-scheme:light dark;font-family:system-ui,sans-serif;line-height:1.4}
body{margin:24px auto;max-width:1520px;padding:0 16px}
h1{font-size:22px;margin:0 0 4px}
header p{margin:0 0 16px;max-width:80ch}
main{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(min(640px,100%),1fr))}
figure{border:1px solid #7d859040;border-radius:8px;margin:0;padding:12px}
figcaption{font-size:13px;min-height:4.2em}
figcaption strong{display:block;font-size:15px}
figure svg{display:block;height:auto;max-width:100%}`

/** A whole document that needs nothing from elsewhere. */
export const pageOf = (figures: readonly Figure[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A storm, a rolling restart and a node that is killed</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>A storm, a rolling restart and a node that is killed</h1>
<p>Three nodes under load, as Prometheus saw them, by the queries of the boards. Crashes are restarts, a deploy is moves, a lost node is takeovers and a missing member.</p>
</header>
<main>
${figures.map(shown).join('\n')}
</main>
</body>
</html>
`

const shown = ({ title, about, svg }: Figure): string =>
  `<figure><figcaption><strong>${escaped(title)}</strong>${escaped(about)}</figcaption>${svg}</figure>`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
