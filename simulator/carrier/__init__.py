"""A phone carrier that speaks Twilio's REST API, with simulated phones, faults and a ledger of its own."""
