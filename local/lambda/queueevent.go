package lambda

import (
	"bytes"
	"encoding/json"

	"twofold/local/core"
)

// The event that a queue's mapping gives to a function
// (docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
type sqsEvent struct {
	Records []sqsRecord `json:"Records"`
}

type sqsRecord struct {
	MessageID         string                  `json:"messageId"`
	ReceiptHandle     string                  `json:"receiptHandle"`
	Body              string                  `json:"body"`
	Attributes        map[string]string       `json:"attributes"`
	MessageAttributes map[string]sqsAttribute `json:"messageAttributes"`
	MD5OfAttributes   string                  `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody         string                  `json:"md5OfBody"`
	EventSource       string                  `json:"eventSource"`
	EventSourceARN    string                  `json:"eventSourceARN"`
	AWSRegion         string                  `json:"awsRegion"`
}

type sqsAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

func (m *mapping) record(msg QueueMessage) sqsRecord {
	attributes := map[string]sqsAttribute{}
	for name, a := range msg.MessageAttributes {
		attributes[name] = sqsAttribute{StringValue: a.StringValue, BinaryValue: a.BinaryValue,
			StringListValues: []string{}, BinaryListValues: [][]byte{}, DataType: a.DataType}
	}
	return sqsRecord{MessageID: msg.MessageID, ReceiptHandle: msg.ReceiptHandle, Body: msg.Body, Attributes: msg.Attributes,
		MessageAttributes: attributes, MD5OfAttributes: msg.MD5OfAttributes, MD5OfBody: msg.MD5OfBody,
		EventSource: "aws:sqs", EventSourceARN: m.sourceARN, AWSRegion: m.region}
}

func queueEvent(m *mapping, batch []QueueMessage) []byte {
	e := sqsEvent{Records: make([]sqsRecord, len(batch))}
	for i := range batch {
		e.Records[i] = m.record(batch[i])
	}
	return encode(e)
}

// filter parts a batch by the mapping's patterns: a message that none matches is deleted
// without an invocation. Patterns see a body that is JSON as JSON.
func (s *Service) filter(m *mapping, batch []QueueMessage) (wanted, unwanted []QueueMessage) {
	if len(m.filters) == 0 {
		return batch, nil
	}
	for _, msg := range batch {
		if s.matches(m, msg) {
			wanted = append(wanted, msg)
		} else {
			unwanted = append(unwanted, msg)
		}
	}
	return wanted, unwanted
}

func (s *Service) matches(m *mapping, msg QueueMessage) bool {
	record := encode(struct {
		sqsRecord
		Body any `json:"body"`
	}{m.record(msg), parsed(msg.Body)})
	for _, match := range m.filters {
		ok, err := match(record)
		if err != nil {
			s.Cloud.Journal.Add(core.Entry{Region: m.region, Kind: core.KindInternal, Subject: core.NameOf(m.sourceARN), Detail: "filter: " + err.Error()})
		}
		if ok {
			return true
		}
	}
	return false
}

func parsed(body string) any {
	if json.Valid([]byte(body)) {
		return json.RawMessage(body)
	}
	return body
}

// succeeded are the messages of a batch that the function's answer does not report as failed. An answer
// that AWS cannot read as a report, or that names a message which is not in the batch, fails the whole batch.
func succeeded(m *mapping, batch []QueueMessage, answer []byte) []QueueMessage {
	if !m.partial || len(bytes.TrimSpace(answer)) == 0 || string(answer) == "null" {
		return batch
	}
	var report struct {
		Failures []struct {
			ID *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if json.Unmarshal(answer, &report) != nil {
		return nil
	}
	failed := map[string]bool{}
	for _, f := range report.Failures {
		if f.ID == nil || *f.ID == "" {
			return nil
		}
		failed[*f.ID] = true
	}
	var good []QueueMessage
	met := map[string]bool{} // a message that is delivered twice may stand twice in a batch
	for _, msg := range batch {
		if failed[msg.MessageID] {
			met[msg.MessageID] = true
		} else {
			good = append(good, msg)
		}
	}
	if len(met) < len(failed) {
		return nil
	}
	return good
}
