import { setFlagsFromString } from 'node:v8';

// Imported before anything else.

// The poller's garbage is a page at a time, so a young generation of 1 MB serves it as well as the 16 MB that V8 would
// let it grow to.
setFlagsFromString('--max-semi-space-size=1');
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--optimize-for-size');
// Between two collections the heap grows by a fifth, not to twice or four times what is alive.
setFlagsFromString('--heap-growing-percent=20');

// What this process prints are JSON lines; on which versions of Node VectaDB runs is package.json's to say.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
