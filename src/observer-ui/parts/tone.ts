// How something is, as a colour and a shape tell it.
export type Tone = 'good' | 'warn' | 'bad' | 'plain'
