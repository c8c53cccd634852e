// Does cacheflow serve go-redis, the official Go client?
//
// Each group of features is a function that uses the client as a program would and checks what it
// gets back. FEATURES=basic,lists chooses groups, PORT says where the server listens. Every group
// runs in RESP2 and in RESP3 on an empty database. What is tested is the client's view (handshake,
// reply types, typed errors), not every option of a command: that is what tests/scripts are for.
// With the argument "libraries" it checks those that live on Lua instead: see libraries.go.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	ctx            = context.Background()
	passed, failed int
	prefix         string
)

var groups = map[string]func(*redis.Client){
	"basic":        basic,
	"lists":        lists,
	"hashes":       hashes,
	"sets":         sets,
	"sortedsets":   sortedSets,
	"streams":      streams,
	"transactions": transactions,
	"pubsub":       pubSub,
	"blocking":     blocking,
	"scripting":    scripting,
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "libraries" {
		libraries()
		finish()
	}
	features := os.Getenv("FEATURES")
	if features == "" {
		features = "basic,lists"
	}
	for _, protocol := range []int{2, 3} {
		for _, name := range strings.Split(features, ",") {
			group, known := groups[name]
			if !known {
				fmt.Printf("FAIL unknown group %q\n", name)
				os.Exit(2)
			}
			prefix = fmt.Sprintf("RESP%d %s", protocol, name)
			client := connect(protocol)
			if err := client.FlushDB(ctx).Err(); err != nil {
				check("connect and FLUSHDB", err, nil)
			} else {
				group(client)
			}
			client.Close()
		}
	}
	finish()
}

func finish() {
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
	os.Exit(0)
}

func address() string {
	return "127.0.0.1:" + os.Getenv("PORT")
}

func connect(protocol int) *redis.Client {
	options := wayIn()
	options.Protocol, options.ClientName = protocol, "go-check"
	return redis.NewClient(options)
}

// wayIn is how the server is reached: DOOR is empty, unix, tls or tls-certificate.
func wayIn() *redis.Options {
	door := os.Getenv("DOOR")
	if door == "" {
		return &redis.Options{Addr: address()}
	}
	if door == "unix" {
		return &redis.Options{Network: "unix", Addr: os.Getenv("SOCKET")}
	}
	files := os.Getenv("CERTIFICATES")
	authority, err := os.ReadFile(files + "/ca.crt")
	if err != nil {
		panic(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authority)
	if door == "tls-certificate" {
		own, err := tls.LoadX509KeyPair(files+"/client.crt", files+"/client.key")
		if err != nil {
			panic(err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return &redis.Options{Addr: "localhost:" + os.Getenv("TLS_PORT"), TLSConfig: config}
}

// check compares and counts. Everything goes through here, so nothing can be forgotten.
func check(name string, got, want any) {
	if reflect.DeepEqual(got, want) {
		passed++
		fmt.Printf("PASS %s: %s\n", prefix, name)
		return
	}
	failed++
	fmt.Printf("FAIL %s: %s: got %#v, want %#v\n", prefix, name, got, want)
}

// value unpacks a (value, error) pair; an error takes the place of the value and fails the check.
func value[T any](got T, err error) any {
	if err != nil {
		return "error: " + err.Error()
	}
	return got
}

func basic(c *redis.Client) {
	check("PING", value(c.Ping(ctx).Result()), "PONG")
	check("CLIENT GETNAME", value(c.ClientGetName(ctx).Result()), "go-check")
	check("SET", value(c.Set(ctx, "k", "v", 0).Result()), "OK")
	check("GET", value(c.Get(ctx, "k").Result()), "v")
	check("GET of no key is redis.Nil", c.Get(ctx, "none").Err(), error(redis.Nil))
	binary := string([]byte{0, 255, '\r', '\n', 0})
	c.Set(ctx, binary, binary, 0)
	check("binary key and value", value(c.Get(ctx, binary).Result()), binary)
	large := strings.Repeat("x", 3<<20)
	c.Set(ctx, "large", large, 0)
	got, err := c.Get(ctx, "large").Result()
	check("3 MB value", err == nil && got == large, true)
	check("SETNX refuses", value(c.SetNX(ctx, "k", "other", 0).Result()), false)
	check("SetArgs GET", value(c.SetArgs(ctx, "k", "w", redis.SetArgs{Get: true}).Result()), "v")
	check("INCRBY", value(c.IncrBy(ctx, "n", 41).Result()), int64(41))
	check("INCRBYFLOAT", value(c.IncrByFloat(ctx, "n", 0.5).Result()), 41.5)
	check("MSET", value(c.MSet(ctx, "a", "1", "b", "2").Result()), "OK")
	check("MGET", value(c.MGet(ctx, "a", "none", "b").Result()), []any{"1", nil, "2"})

	check("SET with expiry", value(c.Set(ctx, "e", "v", 100*time.Second).Result()), "OK")
	left, err := c.TTL(ctx, "e").Result()
	check("TTL", err == nil && left > 98*time.Second && left <= 100*time.Second, true)
	check("PERSIST", value(c.Persist(ctx, "e").Result()), true)
	check("TTL without expiry", value(c.TTL(ctx, "e").Result()), time.Duration(-1))
	c.Set(ctx, "soon", "v", 30*time.Millisecond)
	time.Sleep(60 * time.Millisecond)
	check("expired", value(c.Exists(ctx, "soon").Result()), int64(0))
	check("DEL", value(c.Del(ctx, "a", "b", "none").Result()), int64(2))
	check("TYPE", value(c.Type(ctx, "k").Result()), "string")

	errorHandling(c)
	pipelines(c)
	scan(c)
	concurrency(c)
	reconnect(c)
}

func errorHandling(c *redis.Client) {
	c.Del(ctx, "l")
	c.Set(ctx, "s", "text", 0)
	err := c.Incr(ctx, "s").Err()
	check("not an integer", fmt.Sprint(err), "ERR value is not an integer or out of range")
	c.RPush(ctx, "l", "x")
	err = c.Get(ctx, "l").Err()
	check("WRONGTYPE", redis.HasErrorPrefix(err, "WRONGTYPE"), true)
	err = c.Do(ctx, "NOSUCH", "a").Err()
	known := err == nil || !strings.HasPrefix(err.Error(), "ERR unknown command 'NOSUCH'")
	check("unknown command", known, false)
	check("the connection survives errors", value(c.Ping(ctx).Result()), "PONG")
}

func pipelines(c *redis.Client) {
	pipe := c.Pipeline()
	var replies []*redis.IntCmd
	for i := 0; i < 10000; i++ {
		replies = append(replies, pipe.Incr(ctx, "pipelined"))
	}
	_, err := pipe.Exec(ctx)
	ordered := err == nil
	for i, reply := range replies {
		ordered = ordered && reply.Val() == int64(i+1)
	}
	check("10000 pipelined INCR in order", ordered, true)
	pipe = c.Pipeline()
	good, bad := pipe.Set(ctx, "p", "v", 0), pipe.LPush(ctx, "p", "x")
	after := pipe.Get(ctx, "p")
	pipe.Exec(ctx)
	check("an error inside a pipeline stays its own", []any{good.Err(), bad.Err() != nil, after.Val()},
		[]any{error(nil), true, "v"})
}

func scan(c *redis.Client) {
	c.FlushDB(ctx)
	for i := 0; i < 1000; i++ {
		c.Set(ctx, fmt.Sprintf("scan:%d", i), i, 0)
	}
	seen := map[string]bool{}
	iterator := c.Scan(ctx, 0, "scan:*", 50).Iterator()
	for iterator.Next(ctx) {
		seen[iterator.Val()] = true
	}
	check("SCAN finds every key", []any{iterator.Err(), len(seen)}, []any{error(nil), 1000})
	check("DBSIZE", value(c.DBSize(ctx).Result()), int64(1000))
}

func concurrency(c *redis.Client) {
	var group sync.WaitGroup
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < 200; j++ {
				c.Incr(ctx, "shared")
			}
		}()
	}
	group.Wait()
	check("50 goroutines, no increment lost", value(c.Get(ctx, "shared").Result()), "10000")
}

func reconnect(c *redis.Client) {
	c.Set(ctx, "stays", "v", 0)
	other := connect(2)
	defer other.Close()
	killed, err := other.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Result()
	check("CLIENT KILL", err == nil && killed > 0, true)
	if strings.HasPrefix(os.Getenv("DOOR"), "tls") {
		// go-redis looks whether a plain socket was closed. Over TLS it learns so by a command that fails,
		// one for each connection of its pool.
		for tries := 0; tries < 1000 && c.Get(ctx, "stays").Err() != nil; tries++ {
		}
	}
	check("reconnects after being cut off", value(c.Get(ctx, "stays").Result()), "v")
}

func lists(c *redis.Client) {
	check("RPUSH", value(c.RPush(ctx, "l", "a", "b", "c").Result()), int64(3))
	check("LPUSH", value(c.LPush(ctx, "l", "z").Result()), int64(4))
	check("LRANGE", value(c.LRange(ctx, "l", 0, -1).Result()), []string{"z", "a", "b", "c"})
	check("LPOP", value(c.LPop(ctx, "l").Result()), "z")
	check("RPOP count", value(c.RPopCount(ctx, "l", 2).Result()), []string{"c", "b"})
	check("LLEN", value(c.LLen(ctx, "l").Result()), int64(1))
	check("LPOP of no key is redis.Nil", c.LPop(ctx, "none").Err(), error(redis.Nil))
	c.RPush(ctx, "m", "x", "y", "x")
	check("LREM", value(c.LRem(ctx, "m", 0, "x").Result()), int64(2))
	check("LINSERT", value(c.LInsertBefore(ctx, "m", "y", "w").Result()), int64(2))
	check("LSET", value(c.LSet(ctx, "m", -1, "Y").Result()), "OK")
	check("LINDEX", value(c.LIndex(ctx, "m", 1).Result()), "Y")
	check("LPOS", value(c.LPos(ctx, "m", "Y", redis.LPosArgs{}).Result()), int64(1))
	check("LMOVE", value(c.LMove(ctx, "m", "l", "LEFT", "RIGHT").Result()), "w")
	check("LTRIM", value(c.LTrim(ctx, "l", 0, 0).Result()), "OK")
	key, elements, err := c.LMPop(ctx, "LEFT", 5, "none", "l").Result()
	check("LMPOP", []any{key, elements, err}, []any{"l", []string{"a"}, error(nil)})
	err = c.LSet(ctx, "none", 0, "x").Err()
	check("LSET of no key", fmt.Sprint(err), "ERR no such key")
}

func hashes(c *redis.Client) {
	check("HSET", value(c.HSet(ctx, "h", "a", 1, "b", 2).Result()), int64(2))
	check("HGETALL", value(c.HGetAll(ctx, "h").Result()), map[string]string{"a": "1", "b": "2"})
	check("HMGET", value(c.HMGet(ctx, "h", "a", "none").Result()), []any{"1", nil})
	check("HINCRBYFLOAT", value(c.HIncrByFloat(ctx, "h", "a", 0.5).Result()), 1.5)
	var record struct {
		A float64 `redis:"a"`
		B int     `redis:"b"`
	}
	check("scan into a struct", c.HGetAll(ctx, "h").Scan(&record), nil)
	check("the struct", []any{record.A, record.B}, []any{1.5, 2})
	fields, cursor, err := c.HScan(ctx, "h", 0, "", 100).Result()
	check("HSCAN", []any{len(fields), cursor, err}, []any{4, uint64(0), error(nil)})
	pairs, err := c.HRandFieldWithValues(ctx, "h", 2).Result()
	check("HRANDFIELD WITHVALUES", []any{len(pairs), err}, []any{2, error(nil)})
}

func sets(c *redis.Client) {
	check("SADD", value(c.SAdd(ctx, "s", "a", "b").Result()), int64(2))
	check("SISMEMBER", value(c.SIsMember(ctx, "s", "a").Result()), true)
	check("SMISMEMBER", value(c.SMIsMember(ctx, "s", "a", "z").Result()), []bool{true, false})
	check("SMEMBERS", value(c.SMembersMap(ctx, "s").Result()), map[string]struct{}{"a": {}, "b": {}})
	c.SAdd(ctx, "t", "b", "c")
	check("SINTER", value(c.SInter(ctx, "s", "t").Result()), []string{"b"})
	check("SUNIONSTORE", value(c.SUnionStore(ctx, "u", "s", "t").Result()), int64(3))
	popped, err := c.SPopN(ctx, "u", 2).Result()
	check("SPOP count", []any{len(popped), err}, []any{2, error(nil)})
	check("SCARD", value(c.SCard(ctx, "u").Result()), int64(1))
}

func sortedSets(c *redis.Client) {
	one, two := redis.Z{Score: 1, Member: "one"}, redis.Z{Score: 2.5, Member: "two"}
	check("ZADD", value(c.ZAdd(ctx, "z", one, two).Result()), int64(2))
	check("ZSCORE", value(c.ZScore(ctx, "z", "two").Result()), 2.5)
	check("ZRANGE WITHSCORES", value(c.ZRangeWithScores(ctx, "z", 0, -1).Result()), []redis.Z{one, two})
	check("ZINCRBY", value(c.ZIncrBy(ctx, "z", 3, "one").Result()), 4.0)
	check("ZRANK", value(c.ZRank(ctx, "z", "one").Result()), int64(1))
	between := &redis.ZRangeBy{Min: "(2", Max: "+inf"}
	check("ZRANGEBYSCORE", value(c.ZRangeByScore(ctx, "z", between).Result()), []string{"two", "one"})
	check("ZPOPMIN", value(c.ZPopMin(ctx, "z").Result()), []redis.Z{two})
	check("ZSCORE of no member is redis.Nil", c.ZScore(ctx, "z", "two").Err(), error(redis.Nil))
}

func streams(c *redis.Client) {
	add := func(id string) string {
		return fmt.Sprint(value(c.XAdd(ctx, &redis.XAddArgs{Stream: "x", ID: id, Values: []string{"f", id}}).Result()))
	}
	check("XADD", []string{add("1-1"), add("2-1")}, []string{"1-1", "2-1"})
	first := redis.XMessage{ID: "1-1", Values: map[string]any{"f": "1-1"}}
	second := redis.XMessage{ID: "2-1", Values: map[string]any{"f": "2-1"}}
	check("XRANGE", value(c.XRange(ctx, "x", "-", "+").Result()), []redis.XMessage{first, second})
	check("XGROUP CREATE", value(c.XGroupCreate(ctx, "x", "g", "0").Result()), "OK")
	args := &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: []string{"x", ">"}, Count: 1, Block: -1}
	check("XREADGROUP", value(c.XReadGroup(ctx, args).Result()),
		[]redis.XStream{{Stream: "x", Messages: []redis.XMessage{first}}})
	pending, err := c.XPending(ctx, "x", "g").Result()
	check("XPENDING", err == nil && pending.Count == 1 && pending.Consumers["c"] == 1, true)
	check("XACK", value(c.XAck(ctx, "x", "g", "1-1").Result()), int64(1))
	info, err := c.XInfoStream(ctx, "x").Result()
	check("XINFO STREAM", err == nil && info.Length == 2 && info.Groups == 1, true)
	err = c.XGroupCreate(ctx, "x", "g", "0").Err()
	check("BUSYGROUP", redis.HasErrorPrefix(err, "BUSYGROUP"), true)
}

func transactions(c *redis.Client) {
	var count *redis.IntCmd
	_, err := c.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "t", "1", 0)
		count = pipe.Incr(ctx, "t")
		return nil
	})
	check("MULTI/EXEC", []any{err, count.Val()}, []any{error(nil), int64(2)})
	err = c.Watch(ctx, func(tx *redis.Tx) error {
		c.Set(ctx, "t", "changed", 0)
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Set(ctx, "t", "lost", 0)
			return nil
		})
		return err
	}, "t")
	check("WATCH notices a change", errors.Is(err, redis.TxFailedErr), true)
	check("and nothing was executed", value(c.Get(ctx, "t").Result()), "changed")
}

func pubSub(c *redis.Client) {
	subscription := c.Subscribe(ctx, "news")
	defer subscription.Close()
	subscription.PSubscribe(ctx, "n*")
	for range 2 {
		_, err := subscription.ReceiveTimeout(ctx, 5*time.Second)
		check("subscribed", err, nil)
	}
	check("PUBLISH reaches both", value(c.Publish(ctx, "news", "hello").Result()), int64(2))
	for range 2 {
		message, err := subscription.ReceiveTimeout(ctx, 5*time.Second)
		payload := ""
		if message, ok := message.(*redis.Message); ok {
			payload = message.Channel + " " + message.Payload
		}
		check("message", []any{payload, err}, []any{"news hello", error(nil)})
	}
	check("PUBSUB CHANNELS", value(c.PubSubChannels(ctx, "*").Result()), []string{"news"})
	check("PING while subscribed", subscription.Ping(ctx, "x"), nil)
}

func blocking(c *redis.Client) {
	check("BLPOP times out", c.BLPop(ctx, time.Second, "q").Err(), error(redis.Nil))
	go func() {
		time.Sleep(50 * time.Millisecond)
		c.RPush(ctx, "q", "job")
	}()
	check("BLPOP is served", value(c.BLPop(ctx, 5*time.Second, "q", "r").Result()), []string{"q", "job"})
	c.RPush(ctx, "q", "more")
	check("BLMOVE", value(c.BLMove(ctx, "q", "r", "LEFT", "LEFT", time.Second).Result()), "more")
}
