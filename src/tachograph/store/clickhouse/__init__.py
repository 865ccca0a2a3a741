"""The store on a ClickHouse server or cluster: what of it differs from the embedded one."""
