// A Bolt app that answers a message, a press and a command, until its standard input closes.
import bolt from "@slack/bolt";
import { sandbox } from "./sandbox.mjs";

const { App } = bolt;
const { slack } = sandbox;
const isSocket = process.argv[2] === "socket";
const app = new App({
  token: slack.bot_token,
  clientOptions: { slackApiUrl: slack.api_url },
  ...(isSocket
    ? { socketMode: true, appToken: slack.app_token }
    : { signingSecret: slack.signing_secret }),
});
const button = {
  type: "button",
  action_id: "claim",
  text: { type: "plain_text", text: "I'm on it" },
  value: "lead-1",
};

app.message(async ({ message, say }) => {
  const blocks = [{ type: "actions", elements: [button] }];
  await say({ text: `heard: ${message.text}`, blocks });
});
app.action("claim", async ({ ack, action, say }) => {
  await ack();
  await say(`pressed: ${action.value}`);
});
app.command("/leads", async ({ ack, command, say }) => {
  await ack();
  await say(`asked: ${command.text}`);
});

const server = await (isSocket ? app.start() : app.start({ host: "127.0.0.1", port: 0 }));
const port = isSocket ? "" : server.address().port;
process.stdout.write(`http://127.0.0.1:${port}/slack/events\n`);
process.stdin.resume();
process.stdin.on("end", async () => {
  await app.stop();
  process.exit(0);
});
