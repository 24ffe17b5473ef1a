// Where boards read from and lead to: data sources as Grafana names them, and the observer.

/** The data source, chosen by the reader. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
export const PROMETHEUS = { type: 'prometheus', uid: '${datasource}' }
/** As grafana/provisioning names it. */
export const TEMPO = { type: 'tempo', uid: 'tempo' }
/** Where a reader who clicks a series goes; the address of a node is a variable of the board. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
export const OBSERVER = '${observer}/observer'
