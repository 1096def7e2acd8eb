import jsforce from "jsforce";
import { refusal, sandbox, tell } from "./sandbox.mjs";

const { salesforce } = sandbox;
const version = "62.0";

// SOAP login, as `conn.login` does it.
const soap = new jsforce.Connection({ loginUrl: salesforce.instance_url, version });
const user = await soap.login(salesforce.username, salesforce.password + salesforce.security_token);

// Client credentials, as External Client Apps sign in.
const app = new jsforce.Connection({
  instanceUrl: salesforce.instance_url,
  version,
  oauth2: {
    loginUrl: salesforce.instance_url,
    clientId: salesforce.consumer_key,
    clientSecret: salesforce.consumer_secret,
  },
});
await app.authorize({ grant_type: "client_credentials" });

const query = "SELECT Id FROM Lead WHERE Company NOT IN ('Conform', 'Force')";
const all = await app.query(query, { autoFetch: true, maxFetch: 100_000 });
const first = await app.query(query);

const made = await soap.sobject("Lead").create({ LastName: "Force", Company: "Force" });
const changed = await soap.sobject("Lead").update({ Id: made.id, Title: "CTO" });
const seen = await soap.sobject("Lead").retrieve(made.id);
const many = await soap.sobject("Lead").create(
  Array.from({ length: 450 }, (_, number) => ({ LastName: `Force ${number}`, Company: "Force" })),
  { allowRecursive: true },
);

const described = await soap.sobject("Lead").describe();
const malformed = await refusal(() => app.query("SELECT Id FROM"));
const noField = await refusal(() => app.query("SELECT Nonsense__c FROM Lead"));
const missing = await refusal(() => soap.sobject("Lead").create({ Company: "Force" }));

tell({
  user: user.id.length,
  pageSize: first.records.length,
  read: all.records.length,
  total: first.totalSize,
  changed: changed.success,
  title: seen.Title,
  many: many.filter((one) => one.success).length,
  described: described.fields.some((field) => field.name === "OwnerId"),
  errors: [malformed, noField, missing].map((error) => error.errorCode ?? error.name),
  limits: app.limitInfo?.apiUsage?.limit > 0,
});
