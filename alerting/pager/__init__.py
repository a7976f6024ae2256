"""The pager: sends what stands in the outbox, once, and brings the answers back."""
