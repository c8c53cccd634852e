package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// restart has the server save and end, which tests/clients/run answers by starting it again.
// Nothing is tried twice here, lest the new server be sent its SHUTDOWN, too.
func restart() {
	options := &redis.Options{Addr: address(), MaxRetries: -1}
	client := redis.NewClient(options)
	client.ShutdownSave(ctx)
	client.Close()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		client = redis.NewClient(options)
		err := client.Ping(ctx).Err()
		client.Close()
		if err == nil {
			return
		}
	}
	check("the server comes back", false, true)
}

func scripting(c *redis.Client) {
	count := redis.NewScript(`return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}`)
	for _, name := range []string{"EVAL after NOSCRIPT", "EVALSHA"} {
		c.Del(ctx, "k")
		check(name, value(count.Run(ctx, c, []string{"k"}, "arg").Result()), []any{"k", "arg", int64(1)})
	}
	get := redis.NewScript(`return redis.call('GET', KEYS[1])`)
	for _, name := range []string{"EVAL_RO after NOSCRIPT", "EVALSHA_RO"} {
		check(name, value(get.RunRO(ctx, c, []string{"k"}).Result()), "1")
	}
	check("EVALSHA_RO by itself", value(get.EvalShaRO(ctx, c, []string{"k"}).Text()), "1")
	refused := "ERR Write commands are not allowed from read-only scripts."
	err := count.EvalRO(ctx, c, []string{"k"}, "arg").Err()
	check("EVAL_RO refuses to write", strings.HasPrefix(fmt.Sprint(err), refused), true)
	check("SCRIPT EXISTS", value(c.ScriptExists(ctx, count.Hash(), strings.Repeat("0", 40)).Result()), []bool{true, false})
	check("SCRIPT LOAD", value(count.Load(ctx, c).Result()), count.Hash())
	check("SHA1 by the server", value(redis.NewScriptServerSHA("return 7").Run(ctx, c, nil).Int()), 7)

	converted := c.Eval(ctx, `return {1, 3.99, 'text', true, false, {2, {3}}}`, nil)
	check("conversions", value(converted.Result()),
		[]any{int64(1), int64(3), "text", int64(1), nil, []any{int64(2), []any{int64(3)}}})
	check("nil is redis.Nil", c.Eval(ctx, `return nil`, nil).Err(), error(redis.Nil))
	check("a number", value(c.Eval(ctx, `return 42`, nil).Int64()), int64(42))
	check("a slice", value(c.Eval(ctx, `return {'a', 'b'}`, nil).StringSlice()), []string{"a", "b"})
	check("redis.error_reply", fmt.Sprint(c.Eval(ctx, `return redis.error_reply('MINE own')`, nil).Err()), "MINE own")
	err = c.Eval(ctx, `return redis.call('INCR', KEYS[1], 2)`, []string{"k"}).Err()
	wrong := "ERR Wrong number of args calling Redis command from script script: "
	check("an error inside a script", strings.HasPrefix(fmt.Sprint(err), wrong), true)
	sum := redis.NewScript(`return ARGV[1] + ARGV[2]`)
	check("numbers as arguments", value(sum.Run(ctx, c, nil, 1, 2.5).Int()), 3)

	check("SCRIPT FLUSH", value(c.ScriptFlush(ctx).Result()), "OK")
	err = count.EvalSha(ctx, c, []string{"k"}, "arg").Err()
	check("NOSCRIPT", redis.HasErrorPrefix(err, "NOSCRIPT"), true)
	count.Load(ctx, c)
	for name, pipe := range map[string]redis.Pipeliner{"a pipeline": c.Pipeline(), "MULTI": c.TxPipeline()} {
		c.Del(ctx, "many")
		var replies []*redis.Cmd
		for n := range 500 {
			replies = append(replies, count.EvalSha(ctx, pipe, []string{"many"}, n))
		}
		_, err := pipe.Exec(ctx)
		ordered := err == nil
		for n, reply := range replies {
			slice, _ := reply.Slice()
			ordered = ordered && len(slice) == 3 && slice[2] == int64(n+1)
		}
		check("500 EVALSHA in "+name, ordered, true)
	}
	functions(c)
}

func functions(c *redis.Client) {
	code := "#!lua name=adds\nredis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)\n" +
		"redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}"
	c.FunctionFlush(ctx)
	check("FUNCTION LOAD", value(c.FunctionLoad(ctx, code).Result()), "adds")
	check("FUNCTION LOAD REPLACE", value(c.FunctionLoadReplace(ctx, code).Result()), "adds")
	check("FCALL", value(c.FCall(ctx, "add", []string{"f"}, 5).Int()), 5)
	check("FCALL_RO", value(c.FCallRO(ctx, "peek", []string{"f"}).Text()), "5")
	check("FCALL of none", fmt.Sprint(c.FCall(ctx, "none", nil).Err()), "ERR Function not found")
	listed, err := c.FunctionList(ctx, redis.FunctionListQuery{LibraryNamePattern: "ad*", WithCode: true}).Result()
	check("FUNCTION LIST", err, nil)
	if len(listed) == 1 {
		flags := map[string][]string{}
		for _, function := range listed[0].Functions {
			flags[function.Name] = append([]string{}, function.Flags...)
		}
		check("its library", []string{listed[0].Name, listed[0].Engine, listed[0].Code}, []string{"adds", "LUA", code})
		check("its functions", flags, map[string][]string{"add": {}, "peek": {"no-writes"}})
	} else {
		check("one library", len(listed), 1)
	}
	stats, err := c.FunctionStats(ctx).Result()
	check("FUNCTION STATS", []any{err, stats.Running(), stats.Engines},
		[]any{error(nil), false, []redis.Engine{{Language: "LUA", LibrariesCount: 1, FunctionsCount: 2}}})
	dump, err := c.FunctionDump(ctx).Result()
	check("FUNCTION DUMP", err, nil)
	check("FUNCTION DELETE", value(c.FunctionDelete(ctx, "adds").Result()), "OK")
	check("FUNCTION RESTORE", value(c.FunctionRestore(ctx, dump).Result()), "OK")
	restart()
	check("FCALL after a restart", value(c.FCall(ctx, "add", []string{"f"}, 1).Int()), 6)
	check("FUNCTION FLUSH", value(c.FunctionFlush(ctx).Result()), "OK")
}
