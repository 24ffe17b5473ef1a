// Makes the package that users install: JavaScript, declarations and a manifest of its own, in a folder apart from the source.
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from './package.json' with { type: 'json' }

/** What the manifest says about the repository alone. All else goes into the package. */
const OF_THE_REPOSITORY = new Set(['private', 'scripts', 'devDependencies', 'allowScripts', 'overrides'])

const here = import.meta.dirname
const usual = join(here, 'dist/package')
const folder = process.argv[2] ?? usual

/** Where the JavaScript of a source file lies in the package. */
function emitted(source: string): string {
  return source.replace(/^\.\/(.+)\.ts$/, './dist/$1.js')
}

function isThere(path: string): boolean {
  return existsSync(join(folder, path))
}

function entrances(): Record<string, string> {
  const all = Object.entries(manifest.exports).map(([entrance, source]) => [entrance, emitted(source)] as const)
  const missing = all.filter(([, path]) => !isThere(path)).map(([entrance]) => entrance)
  if (missing.length > 0) throw new Error(`"exports" has ${missing.join(', ')}: add its file to "files" of tsconfig.build.json`)
  return Object.fromEntries(all)
}

/** Those behind which something was emitted: the doors of tests and of what stays at home lead nowhere here. */
function doors(): Record<string, string> {
  const all = Object.entries(manifest.imports).map(([door, source]) => [door, emitted(source)] as const)
  return Object.fromEntries(all.filter(([, path]) => isThere(path)))
}

/** Those that an emitted file names, in the versions that the tests ran with. */
function dependencies(): Record<string, string> {
  const text = globSync(join(folder, 'dist/**/*.{js,d.ts}'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n')
  return Object.fromEntries(
    Object.entries(manifest.dependencies).filter(([name]) => text.includes(`'${name}'`) || text.includes(`'${name}/`)),
  )
}

function packageManifest(): object {
  const kept = Object.entries(manifest).filter(([field]) => !OF_THE_REPOSITORY.has(field))
  const exports = entrances()
  const main = emitted(manifest.exports['.'])
  return {
    ...Object.fromEntries(kept),
    files: ['dist'],
    main,
    types: main.replace(/\.js$/, '.d.ts'),
    bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, source]) => [name, emitted(source)])),
    exports,
    imports: doors(),
    dependencies: dependencies(),
  }
}

function fill(): void {
  const compiler = join(here, 'node_modules/typescript/bin/tsc')
  const project = join(here, 'tsconfig.build.json')
  execFileSync(process.execPath, [compiler, '-p', project, '--outDir', join(folder, 'dist')], { stdio: 'inherit' })
  // Where http looks for it beside the compiled source.
  const page = join(here, 'dist/observer-ui')
  if (!existsSync(page)) throw new Error('the page of the observer is not built: npm run prepare')
  cpSync(page, join(folder, 'dist/observer-ui'), { recursive: true })
  for (const file of ['README.md', 'LICENSE']) copyFileSync(join(here, file), join(folder, file))
  // Last: what was left half done has no manifest, and npm does not pack it.
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageManifest(), undefined, 2)}\n`)
}

// Any other folder has to be a new one: what is in it is not this script's to delete.
if (folder === usual) rmSync(folder, { recursive: true, force: true })
if (existsSync(folder)) throw new Error(`${folder} is there already: name a folder that is not`)
mkdirSync(folder, { recursive: true })
try {
  fill()
} catch (error) {
  rmSync(folder, { recursive: true })
  process.stderr.write(`no package was made: ${(error as Error).message}\n`)
  process.exitCode = 1
}
