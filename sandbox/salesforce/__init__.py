"""Salesforce: an org with leads, contacts, accounts and people, spoken to over REST and SOAP."""
