import type { Framework } from '../printed.js';
import type { FrameworkName } from '../scenario.js';
import { autogen } from './autogen.js';
import { crewai } from './crewai.js';
import { homeMade } from './home-made.js';
import { langchainDebug } from './langchain-debug.js';
import { langchainVerbose } from './langchain-verbose.js';
import { langgraph } from './langgraph.js';
import { llamaindex } from './llamaindex.js';
import { openaiAgents } from './openai-agents.js';
import { structured } from './structured.js';

export const frameworks: Record<FrameworkName, Framework> = {
  'langchain-verbose': langchainVerbose,
  'langchain-debug': langchainDebug,
  langgraph,
  llamaindex,
  crewai,
  autogen,
  'openai-agents': openaiAgents,
  'home-made': homeMade,
  structured,
};
