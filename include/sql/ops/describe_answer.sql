-- Names and types of the columns of what was answered last in this transaction; no row.
fetch 0 from "orgsync answer"
