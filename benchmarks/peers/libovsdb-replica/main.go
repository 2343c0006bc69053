// A replica of a database with libovsdb, and transactions on it.
//
// Arguments: REMOTE TASK, see benchmarks/ovsdb.ts for the tasks. Prints what that reads.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/uuid"
	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

type item struct {
	UUID string            `ovsdb:"_uuid"`
	Name string            `ovsdb:"name"`
	N    int               `ovsdb:"n"`
	Tags []int             `ovsdb:"tags"`
	Opts map[string]string `ovsdb:"opts"`
	Note *string           `ovsdb:"note"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() (cpuMs float64, peakMiB float64) {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6, float64(usage.Maxrss) / 1024
}

type done struct {
	rows, sum int
	lags      []float64
}

// measure takes what the work costs, and prints it.
func measure(work func() done) {
	before, _ := usage()
	start := time.Now()
	did := work()
	elapsed := time.Since(start)
	cpu, peak := usage()
	result := map[string]any{
		"ms": float64(elapsed.Nanoseconds()) / 1e6, "cpuMs": cpu - before, "peakMiB": peak, "rows": did.rows, "sum": did.sum,
	}
	if len(did.lags) > 0 {
		sort.Float64s(did.lags)
		last := len(did.lags) - 1
		result["lagMs"] = []float64{did.lags[last/2], did.lags[last*99/100]}
	}
	check(json.NewEncoder(os.Stdout).Encode(result))
}

func connect(models map[string]model.Model, database string) client.Client {
	tables, err := model.NewClientDBModel(database, models)
	check(err)
	quiet := logr.Discard()
	db, err := client.NewOVSDBClient(tables, client.WithEndpoint(os.Args[1]), client.WithLogger(&quiet))
	check(err)
	return db
}

// everything makes a model with every column of every table of a schema, as modelgen writes one.
func everything(file string) map[string]model.Model {
	text, err := os.ReadFile(file)
	check(err)
	var schema ovsdb.DatabaseSchema
	check(json.Unmarshal(text, &schema))
	models := map[string]model.Model{}
	for name, table := range schema.Tables {
		fields := []reflect.StructField{{Name: "UUID", Type: reflect.TypeOf(""), Tag: `ovsdb:"_uuid"`}}
		columns := make([]string, 0, len(table.Columns))
		for column := range table.Columns {
			columns = append(columns, column)
		}
		sort.Strings(columns)
		for _, column := range columns {
			fields = append(fields, reflect.StructField{
				Name: "C_" + column, Type: ovsdb.NativeType(table.Columns[column]), Tag: reflect.StructTag(`ovsdb:"` + column + `"`),
			})
		}
		models[name] = reflect.New(reflect.StructOf(fields)).Interface()
	}
	return models
}

func rowsOf(db client.Client, table string) (rows, sum int) {
	for _, row := range db.Cache().Table(table).Rows() {
		fields := reflect.ValueOf(row).Elem()
		rows++
		if table == "Interface" {
			if port := fields.FieldByName("C_ofport"); !port.IsNil() {
				sum += int(port.Elem().Int()) + fields.FieldByName("C_statistics").Len()
			}
		}
	}
	return rows, sum
}

func main() {
	ctx := context.Background()
	remaining := append(os.Args[3:], "", "", "")
	first, second, third := remaining[0], remaining[1], remaining[2]
	switch os.Args[2] {
	case "sync":
		db := connect(map[string]model.Model{"Item": &item{}}, "Bench")
		measure(func() done {
			check(db.Connect(ctx))
			_, err := db.MonitorAll(ctx)
			check(err)
			return readItems(ctx, db)
		})
	case "ports":
		db := connect(everything(first), "Open_vSwitch")
		measure(func() done {
			check(db.Connect(ctx))
			_, err := db.MonitorAll(ctx)
			check(err)
			rows, sum := rowsOf(db, "Interface")
			ports, _ := rowsOf(db, "Port")
			return done{rows: rows + ports, sum: sum}
		})
	case "follow":
		db, lags, end := follow(ctx)
		fmt.Println("ready")
		measure(func() done {
			<-end
			return done{rows: len(*lags), lags: *lags}
		})
		db.Close()
	case "replay":
		measure(func() done {
			db, _, end := follow(ctx)
			<-end
			return readItems(ctx, db)
		})
	case "churn":
		count, _ := strconv.Atoi(first)
		churn(ctx, count, second)
	default:
		db := connect(map[string]model.Model{"Item": &item{}}, "Bench")
		check(db.Connect(ctx))
		count, _ := strconv.Atoi(first)
		window, _ := strconv.Atoi(second)
		warmUp, _ := strconv.Atoi(third)
		one := func() { update(ctx, db) }
		repeat(warmUp, window, one)
		measure(func() done { return repeat(count, window, one) })
	}
}

func readItems(ctx context.Context, db client.Client) done {
	var items []item
	check(db.List(ctx, &items))
	sum := 0
	for i := range items {
		sum += items[i].N + len(items[i].Opts) + len(items[i].Tags)
	}
	return done{rows: len(items), sum: sum}
}

// follow is told of changes until one says -1: then the channel is closed. The times are how old they were.
func follow(ctx context.Context) (client.Client, *[]float64, <-chan struct{}) {
	db := connect(map[string]model.Model{"Item": &item{}}, "Bench")
	lags := &[]float64{}
	end := make(chan struct{})
	check(db.Connect(ctx))
	db.Cache().AddEventHandler(&cache.EventHandlerFuncs{UpdateFunc: func(_ string, _, row model.Model) {
		n := row.(*item).N
		if n < 0 {
			close(end)
		} else {
			*lags = append(*lags, float64(time.Now().UnixMicro())/1000-float64(n)/10)
		}
	}})
	_, err := db.MonitorAll(ctx)
	check(err)
	return db, lags, end
}

func transact(ctx context.Context, db client.Client, operations ...ovsdb.Operation) {
	replies, err := db.Transact(ctx, operations...)
	check(err)
	_, err = ovsdb.CheckOperationResults(replies, operations)
	check(err)
}

func update(ctx context.Context, db client.Client) {
	transact(ctx, db, ovsdb.Operation{
		Op: ovsdb.OperationUpdate, Table: "Item", Row: ovsdb.Row{"n": 1},
		Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: "00000000-0000-4000-8000-000000000000"})},
	})
}

// churn adds a port to the bridge with many and takes it away again; with or without a replica of everything.
func churn(ctx context.Context, count int, replica string) {
	db := connect(everything("/usr/share/openvswitch/vswitch.ovsschema"), "Open_vSwitch")
	check(db.Connect(ctx))
	if replica == "replica" {
		_, err := db.MonitorAll(ctx)
		check(err)
	}
	made := 0
	one := func() {
		name := fmt.Sprintf("churn%d", made)
		made++
		port, iface := ovsdb.UUID{GoUUID: uuid.NewString()}, ovsdb.UUID{GoUUID: uuid.NewString()}
		bridge := []ovsdb.Condition{ovsdb.NewCondition("name", ovsdb.ConditionEqual, "br0")}
		ports := func(mutator ovsdb.Mutator) ovsdb.Operation {
			set := ovsdb.OvsSet{GoSet: []any{port}}
			return ovsdb.Operation{
				Op: ovsdb.OperationMutate, Table: "Bridge", Where: bridge,
				Mutations: []ovsdb.Mutation{*ovsdb.NewMutation("ports", mutator, set)},
			}
		}
		transact(ctx, db,
			ovsdb.Operation{Op: ovsdb.OperationInsert, Table: "Interface", UUID: iface.GoUUID, Row: ovsdb.Row{"name": name, "type": "internal"}},
			ovsdb.Operation{Op: ovsdb.OperationInsert, Table: "Port", UUID: port.GoUUID, Row: ovsdb.Row{"name": name, "interfaces": ovsdb.OvsSet{GoSet: []any{iface}}}},
			ports(ovsdb.MutateOperationInsert))
		// The rows of a port that no bridge has go by themselves.
		transact(ctx, db, ports(ovsdb.MutateOperationDelete))
	}
	repeat(100, 1, one)
	measure(func() done { return repeat(count, 1, one) })
}

// repeat has one done so many times, with as many of them under way as the window says.
func repeat(count, window int, one func()) done {
	var workers sync.WaitGroup
	turns := make(chan struct{}, count)
	for i := 0; i < count; i++ {
		turns <- struct{}{}
	}
	close(turns)
	for i := 0; i < window; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for range turns {
				one()
			}
		}()
	}
	workers.Wait()
	return done{rows: count}
}
