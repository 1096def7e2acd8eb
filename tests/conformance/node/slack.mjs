import { WebClient } from "@slack/web-api";
import { refusal, sandbox, tell } from "./sandbox.mjs";

const options = { slackApiUrl: sandbox.slack.api_url, retryConfig: { retries: 0 } };
const slack = new WebClient(sandbox.slack.bot_token, options);
const stranger = new WebClient("xoxb-nobody", options);

let people = 0;
for await (const page of slack.paginate("users.list", { limit: 1000 })) people += page.members.length;

const { channel } = await slack.conversations.open({ users: process.argv[2] });
const posted = await slack.chat.postMessage({
  channel: channel.id,
  text: "Two leads wait",
  blocks: [{ type: "section", text: { type: "mrkdwn", text: "*Two* leads wait" } }],
  metadata: { event_type: "digest", event_payload: { key: "k1" } },
});
const changed = await slack.chat.update({ channel: channel.id, ts: posted.ts, text: "One lead waits" });
const history = await slack.conversations.history({
  channel: channel.id,
  include_all_metadata: true,
});

const noAuth = await refusal(() => stranger.auth.test());
const noChannel = await refusal(() => slack.chat.postMessage({ channel: "C000", text: "?" }));
const badBlocks = await refusal(() =>
  slack.chat.postMessage({ channel: channel.id, text: "?", blocks: [{ type: "nonsense" }] }),
);

let limited;
const impatient = new WebClient(sandbox.slack.bot_token, { ...options, rejectRateLimitedCalls: true });
for (let number = 0; number < 10 && !limited; number += 1) {
  await impatient.chat.postMessage({ channel: channel.id, text: `${number}` }).catch((error) => {
    limited = error;
  });
}

tell({
  people,
  changed: changed.text,
  text: history.messages[0].text,
  metadata: history.messages[0].metadata.event_payload.key,
  errors: [noAuth, noChannel, badBlocks].map((error) => error.data.error),
  limited: [limited.code, limited.retryAfter >= 1],
});
