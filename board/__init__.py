"""The emergency department's live board and the phone carrier's webhooks."""
