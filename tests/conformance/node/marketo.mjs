import Marketo from "node-marketo-rest";
import { refusal, sandbox, tell } from "./sandbox.mjs";

const marketo = new Marketo({
  endpoint: sandbox.marketo.base_url,
  identity: sandbox.marketo.identity_url,
  clientId: sandbox.marketo.client_id,
  clientSecret: sandbox.marketo.client_secret,
});

const nora = { email: "nora@node.example", firstName: "Nora", company: "Node" };
const created = await marketo.lead.createOrUpdate([nora], { lookupField: "email" });
const found = await marketo.lead.find("email", [nora.email], { fields: ["firstName"] });

let onList = 0;
let page = await marketo.list.getLeads(Number(process.argv[2]), { batchSize: 300 });
for (;;) {
  onList += page.result.length;
  if (!page.nextPageToken) break;
  page = await page.nextPage();
}

const error = await refusal(() =>
  marketo.lead.find("email", ["a@b.example"], { fields: ["nonsense"] }),
);
tell({
  created: created.result[0].status,
  found: found.result[0].firstName,
  onList,
  error: error.errors[0].code,
});
