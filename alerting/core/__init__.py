"""Pure decisions of paging: lifecycle, planning, wording. No I/O, no clock."""
