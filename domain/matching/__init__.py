"""Which CRM record a lead is, and which account its company is. It chooses no owner."""
