import OpenAI from "openai";
import { refusal, sandbox, tell } from "./sandbox.mjs";

const options = { baseURL: sandbox.openai.base_url, maxRetries: 0 };
const openai = new OpenAI({ ...options, apiKey: sandbox.openai.api_key });
const stranger = new OpenAI({ ...options, apiKey: "sk-nobody" });
const { model } = sandbox.openai;

const said = await openai.chat.completions.create({
  model,
  messages: [{ role: "user", content: "Which colour is the sky?" }],
});
const called = await openai.chat.completions.create({
  model,
  messages: [{ role: "user", content: "Look it up" }],
  tools: [{ type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }],
});
const { data: models } = await openai.models.list();
const noAuth = await refusal(() => stranger.models.list());
const noModel = await refusal(() =>
  openai.chat.completions.create({ model: "gpt-none", messages: [{ role: "user", content: "?" }] }),
);
const limited = await refusal(() =>
  openai.chat.completions.create({ model, messages: [{ role: "user", content: "too fast" }] }),
);

tell({
  said: said.choices[0].message.content,
  tokens: said.usage.total_tokens > 0,
  called: called.choices[0].message.tool_calls[0].function.name,
  model: models.some((one) => one.id === model),
  errors: [noAuth, noModel, limited].map((error) => [error.status, error.code]),
});
