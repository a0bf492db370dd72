import type { Command } from 'commander';
import { readEnvironment, STACK, text } from '../../../lib/config/env.js';
import { createEmbedder } from '../../../lib/embedding/embedder.js';
import { missingFiles, modelFolder } from '../../../lib/embedding/model-files.js';
import { PullError, pullModel } from '../../../lib/embedding/model-pull.js';
import { ModelError } from '../../../lib/embedding/semantic.js';

const VARIABLES = {
  MODEL_PATH: STACK.MODEL_PATH,
  EMBEDDING_MODEL: STACK.EMBEDDING_MODEL,
  HF_ENDPOINT: { schema: text('https://huggingface.co'), doc: 'Hub that `model pull` fetches from' },
};

/** `vectadb model pull | status`. */
export function register(program: Command): void {
  const model = program.command('model').description('the embedding model that search by meaning needs');
  model
    .command('pull')
    .description('fetch the model; nothing else ever downloads one')
    .argument('[name]', 'model on the hub; left out: EMBEDDING_MODEL')
    .option('--force', 'fetch files that are there, too')
    .action((name: string | undefined, options: { force?: boolean }) =>
      told(() => pull(name, options.force)),
    );
  model
    .command('status')
    .description('which embedder the services use, and why')
    .option('--json', 'for scripts')
    .action((options: { json?: boolean }) => told(() => status(options.json)));
}

async function pull(name: string | undefined, force = false): Promise<void> {
  const settings = readEnvironment(VARIABLES);
  const modelName = name ?? settings.EMBEDDING_MODEL;
  const { folder, fetched } = await pullModel({
    modelPath: settings.MODEL_PATH,
    modelName,
    hub: settings.HF_ENDPOINT,
    force,
    onFile: ({ file, bytes, sha256 }) => console.log(`${file}  ${bytes} bytes  sha256 ${sha256}`),
  });
  console.log(
    fetched.length > 0
      ? `${modelName} is in ${folder}. Restart gateway and qdrant-sink to use it; what is stored is not embedded anew.`
      : `${modelName} is in ${folder} already.`,
  );
}

async function status(json = false): Promise<void> {
  const settings = readEnvironment(VARIABLES);
  const folder = modelFolder(settings.MODEL_PATH, settings.EMBEDDING_MODEL);
  const embedder = await createEmbedder({
    modelPath: settings.MODEL_PATH,
    modelName: settings.EMBEDDING_MODEL,
  });
  await embedder.close();
  const { kind, model, dimensions, note } = embedder;
  if (json) {
    console.log(JSON.stringify({ kind, model, dimensions, note, folder, missing: missingFiles(folder) }));
    return;
  }
  console.log(`embedder  ${kind}\nmodel     ${model}, ${dimensions} dimensions\nfolder    ${folder}`);
  if (note) console.log(note);
}

/** What the user can mend is told in one line. */
async function told(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof PullError || error instanceof ModelError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
