"""The ledger's tables, one module per owner of rows.

Types and indexes only: who reads and writes them lies in stores, views and transaction.
"""
