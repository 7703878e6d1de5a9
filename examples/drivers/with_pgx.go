// pgx (version 4): what a diverted alert looks like, and what to write.
//
// Connects as libpq does (PGHOST and the like), as a role that may only write.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgtype"
	"github.com/jackc/pgx/v4"
)

const hub = "88-73-84-90-6A-10-02-DB"

var (
	inside = time.Date(2026, 3, 2, 9, 16, 0, 0, time.UTC)  // in the hub's window: diverted
	after  = time.Date(2026, 3, 2, 10, 16, 0, 0, time.UTC) // stored
)

const values = " (alert_code, chf, mpxn, received_at) VALUES ($1, $2, $3, $4)"

func check(met bool, what ...interface{}) {
	if !met {
		fmt.Println(what...)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, "")
	check(err == nil, err)
	defer conn.Close(ctx)

	// A diverted row counts 0; with RETURNING it is pgx.ErrNoRows, which is no failure.
	// A string fits the type guid as it is.
	tag, err := conn.Exec(ctx, "INSERT INTO alerts"+values, "AD1", hub, "1", inside)
	check(err == nil && tag.RowsAffected() == 0, "diverted", tag, err)
	var key int64
	err = conn.QueryRow(ctx, "INSERT INTO alerts"+values+" RETURNING alert_id", "AD1", hub, "2", after).Scan(&key)
	check(err == nil, "stored", err)
	err = conn.QueryRow(ctx, "INSERT INTO alerts"+values+" RETURNING alert_id", "AD1", hub, "3", inside).Scan(&key)
	check(err == pgx.ErrNoRows, "diverted", err)

	// A batch has a result for each statement.
	batch := &pgx.Batch{}
	batch.Queue("INSERT INTO alerts"+values, "AD1", hub, "4", after)
	batch.Queue("INSERT INTO alerts"+values, "AD1", hub, "5", inside)
	results := conn.SendBatch(ctx, batch)
	for _, count := range []int64{1, 0} {
		tag, err = results.Exec()
		check(err == nil && tag.RowsAffected() == count, "batch", tag, err)
	}
	check(results.Close() == nil, "batch")

	// CopyFrom is binary. Once the type has a name here, of eight octets, it takes
	// bytes; the count is that of the rows stored.
	var oid uint32
	check(conn.QueryRow(ctx, "SELECT 'guid'::regtype::oid").Scan(&oid) == nil, "oid")
	conn.ConnInfo().RegisterDataType(pgtype.DataType{Value: &pgtype.Bytea{}, Name: "guid", OID: oid})
	octets, _ := hex.DecodeString(strings.ReplaceAll(hub, "-", ""))
	columns := []string{"alert_code", "chf", "mpxn", "received_at"}
	n, err := conn.CopyFrom(ctx, pgx.Identifier{"alerts"}, columns,
		pgx.CopyFromRows([][]interface{}{{"AD1", octets, "6", after}, {"AD1", octets, "7", inside}}))
	check(err == nil && n == 1, "copy", n, err)

	// Through the view each row counts and has its key.
	n, err = conn.CopyFrom(ctx, pgx.Identifier{"alerts_one_row"}, columns,
		pgx.CopyFromRows([][]interface{}{{"AD1", octets, "8", after}}))
	check(err == nil && n == 1, "copy into the view", n, err)
	err = conn.QueryRow(ctx, "INSERT INTO alerts_one_row"+values+" RETURNING alert_id", "AD1", octets, "9", inside).Scan(&key)
	check(err == nil && key > 0, "view", err)
}
