package remote

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"crs/ctl"
	"crs/daemon"
)

// formatOf is the format of a provider, as a daemon tells it.
func formatOf(t *testing.T, provider string) *ctl.CostFormat {
	t.Helper()
	for _, f := range daemon.Catalogue().CostFormats {
		if f.Provider == provider {
			return &f
		}
	}
	t.Fatalf("there is no format of %s", provider)
	return nil
}

// TestProvidersListsAreRead: with the columns that each has.
func TestProvidersListsAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider, text string
		want           []ctl.CostLine
		left           int
	}{
		"anthropic": {
			"anthropic", "\uFEFFusage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed\n" +
				"2026-11-03,Claude Haiku 4.5,Default,k,message,≤ 200k,output,0.05,0.05,token,,\n2026-11-03,Claude Haiku 4.5,Default,k,message,≤ 200k,input_no_cache,0.0000000005,0,token,,\n",
			[]ctl.CostLine{{Day: "2026-11-03", Line: "Claude Haiku 4.5 token", Cost: 50_000_001}}, 0,
		},
		"openai": {
			"openai", "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,line_item,user_id,project_id\n" +
				"1790467200,1790553600,2026-09-27T00:00:00+00:00,2026-09-28T00:00:00+00:00,,,,,,,\n" +
				"1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,0.003835980000000000000000000000,usd,,,\"gpt-4o-2024-08-06, input\",,p\n",
			[]ctl.CostLine{{Day: "2026-09-28", Line: "gpt-4o-2024-08-06, input", Cost: 3_835_980}}, 0,
		},
		"google": {
			"google", "service.description,sku.description,usage_start_time,cost,currency\n" +
				"Vertex AI,Gemini 2.5 Flash Text Input - Predictions,2026-11-03 23:00:00 UTC,1.25,USD\nCompute Engine,N1 Core,2026-11-03 23:00:00 UTC,9,USD\n" +
				"Vertex AI,Gemini 2.5 Flash Text Input - Predictions,2026-11-03 01:00:00 UTC,-0.25,USD\n",
			[]ctl.CostLine{{Day: "2026-11-03", Line: "Gemini 2.5 Flash Text Input - Predictions", Cost: 1_000_000_000}}, 1,
		},
		"google, joined by an underscore": {
			"google", "service_description,sku_description,usage_start_time,cost,currency\nGemini API,Generate content gemini 2.5 pro,2026-11-03T05:00:00Z,1E-3,USD\n",
			[]ctl.CostLine{{Day: "2026-11-03", Line: "Generate content gemini 2.5 pro", Cost: 1_000_000}}, 0,
		},
		"aws": {
			"aws", "lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UnblendedCost,lineItem/CurrencyCode,product/servicename\n" +
				"2026-11-03T05:00:00Z,abc,USE1-MP:USE1_InputTokenCount-Units,2.5,USD,Claude Sonnet 4.6 (Amazon Bedrock Edition)\n2026-11-03T05:00:00Z,AmazonEC2,BoxUsage,1,USD,EC2\n",
			[]ctl.CostLine{{Day: "2026-11-03", Line: "Claude Sonnet 4.6 (Amazon Bedrock Edition) USE1-MP:USE1_InputTokenCount-Units", Cost: 2_500_000_000}}, 1,
		},
		"aws, the newer names": {
			"aws", "line_item_usage_start_date,line_item_product_code,line_item_usage_type,line_item_unblended_cost\n2026-11-03 05:00:00,AmazonBedrock,USE1-openai.gpt-5.6-luna-input-tokens,2,\n" +
				"2026-11-03 05:00:00,AmazonBedrock,USE1-openai.gpt-5.6-luna-input-tokens,2\n",
			[]ctl.CostLine{{Day: "2026-11-03", Line: "USE1-openai.gpt-5.6-luna-input-tokens", Cost: 2_000_000_000}}, 0,
		},
	} {
		f, err := readCosts(strings.NewReader(c.text), formatOf(t, c.provider))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := f.lines()
		if err != nil || !reflect.DeepEqual(got, c.want) || f.left != c.left {
			t.Errorf("%s: got %+v, %d left, %v", name, got, f.left, err)
		}
	}
}

func TestRowsThatCannotBeReadAreCounted(t *testing.T) {
	t.Parallel()
	head := "date,model,cost_usd,currency\n"
	for row, want := range map[string]string{
		"2026-11-03,m,1e999999999,USD": `line 2: "1e999999999" is not an amount of dollars`,
		"2026-11-03,m,1/3,USD":         `line 2: "1/3" is not an amount of dollars`,
		"2026-11-03,m,0x10,USD":        `line 2: "0x10" is not an amount of dollars`,
		"2026-11-03,m,9999999999,USD":  `line 2: "9999999999" is not an amount of dollars`,
		"yesterday,m,1,USD":            `line 2: "yesterday" is not a day`,
		"1980-01-01,m,1,USD":           `line 2: "1980-01-01" is not a day`,
		"2026-11-03,m,1,EUR":           `line 2: it is in "EUR", not in USD`,
		"2026-11-03,m,1":               `line 2: wrong number of fields`,
		"2026-11-03,\"m,1,USD":         `line 2: extraneous or missing " in quoted-field`,
		"2026-11-03,m" + strings.Repeat("m", mostCostField) + ",1,USD": fmt.Sprintf(`line 2: a field has %d bytes`, mostCostField+1),
	} {
		f, err := readCosts(strings.NewReader(head+row+"\n"), formatOf(t, "anthropic"))
		if err != nil || f.bad != 1 || len(f.why) != 1 || f.why[0] != want || len(f.sums) != 0 {
			t.Errorf("%.40q: %+v, %v", row, f, err)
		}
	}
	f, err := readCosts(strings.NewReader(head+strings.Repeat("bad,m,1,USD\n", 50)+"2026-11-03,m,1,USD\n"), formatOf(t, "anthropic"))
	if err != nil || f.bad != 50 || len(f.why) != shownBadRows || len(f.sums) != 1 || f.rows != 51 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAListOfCostsHasBounds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "other columns": "a,b\n1,2\n", "many columns": strings.Repeat("c,", mostCostFields) + "date,model,cost_usd\n",
	} {
		if _, err := readCosts(strings.NewReader(text), formatOf(t, "anthropic")); ctl.CodeOf(err) != ctl.BadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzACostFile(f *testing.F) {
	f.Add("date,model,cost_usd\n2026-11-03,m,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		format := &ctl.CostFormat{Day: []string{"date"}, Model: []string{"model"}, Cost: []string{"cost_usd"}}
		costs, err := readCosts(strings.NewReader(text), format)
		if err != nil {
			return
		}
		lines, err := costs.lines()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if len(l.Day) != 10 || len(l.Line) > longestLine+2 {
				t.Errorf("%+v", l)
			}
		}
	})
}
